"""Where is an address? Looks addresses up in a MaxMind-format database that the user names, each distinct address once."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.errors import UsageError, quoted

if TYPE_CHECKING:
    import duckdb

FUNCTION = "place_of_address"
_FIELDS = ("country", "region", "city")
_Place = tuple[str | None, str | None, str | None]


class Geo:
    """A database of places, open; an address that is in none of its networks has no place."""

    def __init__(self, database: Path) -> None:
        """Open a database; raises `UsageError` where it is absent or none."""
        import maxminddb

        try:
            self._reader = maxminddb.open_database(database)
        except FileNotFoundError:
            raise UsageError(f"[geo] database: there is no file {quoted(database)}") from None
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise UsageError(f"[geo] database: {quoted(database)} is no MaxMind database: {error}") from None
        self._found: dict[str, _Place] = {}

    def place(self, ip: str) -> _Place:
        """Return country (ISO alpha-2), region and city of an address, each None where it is not known.

        The country is where the address is, else where it is registered; names are English.
        """
        if ip not in self._found:
            self._found[ip] = self._looked_up(ip)
        return self._found[ip]

    def _looked_up(self, ip: str) -> _Place:
        try:
            record: Any = self._reader.get(ipaddress.ip_address(ip))
        except ValueError:  # no address, or one of version 6 in a database of version 4
            return (None, None, None)
        if not isinstance(record, dict):
            return (None, None, None)
        country = record.get("country") or record.get("registered_country") or {}
        regions = record.get("subdivisions") or [{}]
        return (country.get("iso_code"), _name(regions[0]), _name(record.get("city") or {}))

    def serve(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Give a connection the function `place_of_address(ip)`: a struct of country, region and city."""
        from duckdb import sqltypes
        from duckdb.func import ARROW, SPECIAL

        struct = connection.struct_type(dict.fromkeys(_FIELDS, sqltypes.VARCHAR))
        connection.create_function(
            FUNCTION, self._places, [sqltypes.VARCHAR], struct, type=ARROW, null_handling=SPECIAL
        )

    def _places(self, addresses: Any) -> Any:  # DuckDB looks the types up when it is given the function
        import pyarrow as pa

        places = [(None, None, None) if ip is None else self.place(ip) for ip in addresses.to_pylist()]
        return pa.array(
            [dict(zip(_FIELDS, place, strict=True)) for place in places],
            pa.struct([(field, pa.string()) for field in _FIELDS]),
        )


def _name(record: dict[str, Any]) -> str | None:
    found: str | None = record.get("names", {}).get("en")
    return found
