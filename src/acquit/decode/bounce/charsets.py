"""Bytes of a part to text, whatever charset it says or hides. Nothing here fails: what cannot be read is replaced."""

import binascii
import re
from html import unescape

_TEXT_CODECS = re.compile(
    r"(?:iso-?(?:8859|2022)|windows-|cp\d|koi8|euc|shift|s-?jis|gb|big5|utf-?(?:8|16|32)|latin|mac|tis|ks_c|us-ascii|ascii)"
)
"""Python has codecs that are no charsets, some of which take long."""
_JIS = b"\x1b$"
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_BLOCK_END = re.compile(r"(?i)<(?:br|/p|/div|/tr|/h\d|/li)\b[^<>]*>")
_UNSEEN = re.compile(r"(?is)<(style|script)\b[^<>]*>[^<]*</\1\s*>")
_TAG = re.compile(r"<[^<>]*>")


def decoded_as(octets: bytes, charset: str = "") -> str:
    """The text. UTF-8 that is valid is UTF-8, whatever is said: other charsets are valid UTF-8 by no accident."""
    if _JIS in octets:
        return octets.decode("iso2022_jp", "replace")
    if octets.isascii() and not charset.startswith(("utf-16", "utf-32", "utf16", "utf32")):
        return octets.decode("ascii")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if _TEXT_CODECS.match(charset):
        try:
            return octets.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    return octets.decode("cp1252", "replace")


def transferred(body: bytes, encoding: str) -> bytes:
    """The body as it was before it was encoded for the way; as it stands where it was not."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding != "base64":
        return body
    letters = body.translate(None, delete=_NOT_BASE64)
    letters = letters[: len(letters) - len(letters) % 4] if len(letters) % 4 == 1 else letters
    try:
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
    except binascii.Error:
        return body


def seen(html: str) -> str:
    """The words of an HTML part, line by line."""
    text = _TAG.sub(" ", _BLOCK_END.sub("\n", _UNSEEN.sub(" ", html)))
    text = "\n".join(line.strip() for line in text.split("\n"))
    try:
        return unescape(text)
    except ValueError:  # a number of thousands of digits
        return text
