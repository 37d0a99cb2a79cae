"""Which letters does DuckDB put into another case than Polars does? SQL that puts them as Polars does.

DuckDB gives one letter for each, and does not know the newest; Polars gives `STRASSE` for `straße`. A test asks all letters.
"""

from __future__ import annotations

import re
from functools import cache, reduce

from audit_reports.feed import literal

_OTHERWISE = {
    "lower": "130 1c89 a7cb-a7cc a7ce a7d2 a7d4 a7da a7dc 10d50-10d65 16ea0-16eb8",
    "upper": (
        "df 149 19b 1f0 264 390 3b0 587 1c8a 1e96-1e9a 1f50 1f52 1f54 1f56 1f80-1faf 1fb2-1fb4 1fb6-1fb7 1fbc 1fc2-1fc4 "
        "1fc6-1fc7 1fcc 1fd2-1fd3 1fd6-1fd7 1fe2-1fe4 1fe6-1fe7 1ff2-1ff4 1ff6-1ff7 1ffc a7cd a7cf a7d3 a7d5 a7db "
        "fb00-fb06 fb13-fb17 10d70-10d85 16ebb-16ed3"
    ),
}
"""The code points of those letters."""

# A capital sigma at the end of a word is `ς` when small: after a letter that has case, before none, whatever marks lie between.
_CASED = r"[\p{Lu}\p{Ll}\p{Lt}]"
_BETWEEN = "'.:·\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a\u0387\u055f\u05f4"
_IGNORED = rf"\p{{Mn}}\p{{Me}}\p{{Cf}}\p{{Lm}}\p{{Sk}}{_BETWEEN}"
_FINAL = rf"({_CASED}[{_IGNORED}]*)Σ([{_IGNORED}]*(?:[^\p{{Lu}}\p{{Ll}}\p{{Lt}}{_IGNORED}]|\z))"


def cased(function: str, text: str) -> str:
    """Return the SQL of a text in `lower` or `upper` case."""
    letters = _letters(function)
    kept = reduce(lambda sql, pair: f"replace({sql}, {literal(pair[0])}, {literal(pair[1])})", letters.items(), text)
    rare = _ranges(function)
    if function == "lower":
        rare += "Σ"
        kept = kept.replace(text, rf"regexp_replace({text}, {literal(_FINAL)}, '\1ς\2', 'g')", 1)
    return (
        f"CASE WHEN strlen({text}) = length({text}) THEN {function}({text}) "
        f"WHEN regexp_matches({text}, '[{rare}]') THEN {function}({kept}) ELSE {function}({text}) END"
    )


def searched(text: str, wanted: str) -> str:
    """Return the SQL of a text in small letters in which others are looked for: `İ` is `i`, and `ς` is `σ`."""
    newest = {letter for letter in _letters("lower").values() if len(letter) == 1}
    small = cased("lower", f"replace({text}, 'İ', 'i')") if newest & set(wanted) else f"lower({text})"
    return f"replace({small}, 'ς', 'σ')" if "σ" in wanted else small


@cache
def _letters(function: str) -> dict[str, str]:
    """Return what Polars makes of each of those letters."""
    import polars as pl

    points = (point.partition("-") for point in _OTHERWISE[function].split())
    letters = [chr(code) for low, _, high in points for code in range(int(low, 16), int(high or low, 16) + 1)]
    strings = pl.Series(letters).str
    return dict(zip(letters, strings.to_lowercase() if function == "lower" else strings.to_uppercase(), strict=True))


def _ranges(function: str) -> str:
    return re.sub(r"([0-9a-f]+)", r"\\x{\1}", _OTHERWISE[function]).replace(" ", "")
