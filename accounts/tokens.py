"""The text of an API key: ``up_<kind>_<30 base62>_<6 base62 of CRC32>``.

Pure functions. The checksum lets a mistyped or invented key be refused without asking
the database, and lets secret scanners tell a real key from a look-alike.
"""

import re
import secrets
import zlib

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_LENGTH = 30
CHECKSUM_LENGTH = 6
# Characters of the secret that are shown in lists: 142 of 178 bits stay unknown.
SHOWN_LENGTH = 6
TOKEN = re.compile(r"(up_[a-z]{1,10}_[0-9A-Za-z]{30})_([0-9A-Za-z]{6})", re.ASCII)


def new_token(kind: str) -> str:
    """Return a new random key of this kind, with 178 random bits."""
    secret = "".join(secrets.choice(BASE62) for _ in range(SECRET_LENGTH))
    body = f"up_{kind}_{secret}"
    return f"{body}_{checksum(body)}"


def checksum(body: str) -> str:
    """Return CRC32 of all before the last underscore, as six base62 digits."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def checksum_ok(token: str) -> bool:
    """Say whether the text has the form of a key and its checksum is right."""
    match = TOKEN.fullmatch(token)
    return match is not None and checksum(match[1]) == match[2]


def shown_prefix(token: str) -> str:
    """Return the part of a key that lists show: ``up_ingest_3kT9bQ``."""
    start = token.index("_", token.index("_") + 1) + 1
    return token[: start + SHOWN_LENGTH]
