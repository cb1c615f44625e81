"""ISO 3166 country codes and the names that people write for them.

The table is vendored (`accounts/data/countries/VENDOR.md` says from where).
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "countries" / "iso3166.tab"
# Names that files hold although the table writes them differently.
OTHER_NAMES = {
    "America": "US",
    "Bolivia, Plurinational State of": "BO",
    "Brunei Darussalam": "BN",
    "Czechia": "CZ",
    "England": "GB",
    "Great Britain": "GB",
    "Holland": "NL",
    "Hong Kong SAR": "HK",
    "Iran, Islamic Republic of": "IR",
    "Ivory Coast": "CI",
    "Korea": "KR",
    "Korea, Republic of": "KR",
    "Macedonia": "MK",
    "Moldova, Republic of": "MD",
    "Republic of Korea": "KR",
    "Russian Federation": "RU",
    "Scotland": "GB",
    "South Korea": "KR",
    "Syrian Arab Republic": "SY",
    "Taiwan, Province of China": "TW",
    "Tanzania, United Republic of": "TZ",
    "The Netherlands": "NL",
    "Türkiye": "TR",
    "U.K.": "GB",
    "U.S.": "US",
    "U.S.A.": "US",
    "UAE": "AE",
    "UK": "GB",
    "United Kingdom": "GB",
    "United States of America": "US",
    "USA": "US",
    "Venezuela, Bolivarian Republic of": "VE",
    "Viet Nam": "VN",
    "Wales": "GB",
}
_NOT_LETTERS = re.compile(r"[^a-z]+")


@cache
def country_names() -> dict[str, str]:
    """Return the English name by ISO 3166 code."""
    lines = TABLE.read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


def country_code(text: str) -> str:
    """Return the code of a country given by code or by name, "" for anything else."""
    upper = text.strip().upper()
    if upper in country_names():
        return upper
    return _codes().get(_folded(text), "")


@cache
def _codes() -> dict[str, str]:
    names = {name: code for code, name in country_names().items()}
    return {_folded(name): code for name, code in (names | OTHER_NAMES).items()}


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return _NOT_LETTERS.sub("", plain.replace("&", "and"))
