"""Countries ship with the package: names, label points and shapes that draw without the network."""

from __future__ import annotations

import pytest

from audit_reports.countries import countries
from audit_reports.resources import ResourceMissingError, data_file


def test_all_codes_of_iso_3166_are_there_and_kosovo() -> None:
    assert len(countries()) == 249 + 1
    assert list(countries()) == sorted(countries())
    assert all(len(code) == 2 and code.isupper() and country.code == code for code, country in countries().items())
    assert all(country.name.strip() and len(country.name) < 45 for country in countries().values())


@pytest.mark.parametrize(
    ("code", "name", "longitude", "latitude"),
    [
        ("ES", "Spain", -4, 40),
        ("GB", "United Kingdom", -1, 53),
        ("US", "United States", -99, 39),
        ("DE", "Germany", 10, 51),
        ("BR", "Brazil", -49, -12),
        ("IN", "India", 79, 23),
        ("VN", "Vietnam", 106, 18),
        ("FR", "France", 2, 47),
        ("SG", "Singapore", 104, 1),
        ("MT", "Malta", 14, 36),
    ],
)
def test_a_label_point_lies_in_its_country(code: str, name: str, longitude: float, latitude: float) -> None:
    country = countries()[code]
    assert country.name == name
    assert country.at is not None
    assert country.at[0] == pytest.approx(longitude, abs=4)
    assert country.at[1] == pytest.approx(latitude, abs=4)


def test_every_inhabited_country_has_a_label_point() -> None:
    assert [code for code, country in countries().items() if country.at is None] == ["BV"]


def test_shapes_stay_on_the_map_and_none_draws_a_band_across_it() -> None:
    for country in countries().values():
        for ring in country.shapes:
            assert len(ring) >= 3
            assert all(-180 <= x <= 180 and -60 <= y <= 90 for x, y in ring)
            steps = zip(ring, ring[1:] + ring[:1], strict=True)
            assert all(abs(x1 - x2) < 90 for (x1, _), (x2, _) in steps), country.code


def test_antarctica_and_small_islands_have_no_shape_and_kosovo_has_one() -> None:
    assert not countries()["AQ"].shapes
    assert not countries()["SG"].shapes
    assert countries()["XK"].shapes
    assert len(countries()["RU"].shapes) > 1


def test_the_file_is_small() -> None:
    assert data_file("countries.json").stat().st_size < 190_000


def test_a_file_that_did_not_ship_is_named_in_one_line() -> None:
    with pytest.raises(ResourceMissingError, match=r"came without its 'data/nowhere\.json'"):
        data_file("nowhere.json")
    assert issubclass(ResourceMissingError, FileNotFoundError)
