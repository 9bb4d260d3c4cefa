"""SMPP delivery receipts: the text of Appendix B, the TLVs beside it, and what SMSCs make of both.

SMPP v3.4 issue 1.2, sections 5.2.12, 5.3.2 and Appendix B: https://smpp.org/SMPP_v3_4_Issue1_2.pdf
The text is vendor specific by the specification's own words: a strict expression reads the usual form, a tolerant
scanner whatever it refuses. The `text:` field quotes the message itself and never passes.
A body is the bare text, a PDU as JSON, or an array of PDUs. Kannel's callbacks carry the same text (`receipt`).
"""

import re
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape
from acquit.errors import Undecodable
from acquit.events import Report

_STATES = (
    "SCHEDULED",
    "ENROUTE",
    "DELIVRD",
    "EXPIRED",
    "DELETED",
    "UNDELIV",
    "ACCEPTD",
    "UNKNOWN",
    "REJECTD",
    "SKIPPED",
)
_STATE_NAMES = {"DELIVERED": "DELIVRD", "UNDELIVERABLE": "UNDELIV", "ACCEPTED": "ACCEPTD", "REJECTED": "REJECTD"}
_STATE_WORDS = {str(n): word for n, word in enumerate(_STATES)} | {word: word for word in _STATES} | _STATE_NAMES
_TAGS = {"receipted_message_id": 0x1E, "network_error_code": 0x423, "message_payload": 0x424, "message_state": 0x427}
_TAG_NAMES = {
    spelling: name
    for name, tag in _TAGS.items()
    for spelling in (name, name.replace("_", ""), str(tag), f"0x{tag:x}", f"0x{tag:04x}", f"{tag:04x}")
}
_GSM, _VENDOR = 3, 8  # the types of network_error_code that a table can explain
_NO_CODE = frozenset({"", "null", "..."})
_TEXT_LIMIT = 65_536
"""Characters of a text: what a message_payload can hold (5.3.2.32)."""
# 12 digits are YYMMDDhhmmss, or else YYYYMMDDhhmm. No clock is needed: a whole year after 2012 makes a month above 12.
_CENTURIES = {10: ("20",), 12: ("20", ""), 14: ("",)}

_USUAL = re.compile(
    r"(?as)id:(\S+) sub:\d+ dlvrd:\d+ submit date:(\d+) done date:(\d+) stat:(\w+) err:(\S+)(?: ?[Tt]ext:(.*))?"
)
_FIELD = re.compile(
    r"(?ai)(?<![a-z0-9_])(id|submit ?date|done ?date|stat|err|mccmnc):(?: +(?!\w+:|(?:submit|done) date:))?(\S*)"
)
# A `text:` with another field right behind it quotes nothing: some SMSCs put the fields in any order.
_QUOTE = re.compile(r"(?ais)(?<![a-z0-9_])text:(?!\s*(?:id|sub|dlvrd|submit ?date|done ?date|stat|err):)(.*)")
# Sinch SDI writes code and words where others quote the message. A closed list, lest "1234 IS YOUR CODE" passes.
_NETWORK_WORDS = re.compile(
    r"[0-9A-F]{4}(?: (?:SMSC?|ERROR|DLVRD|TO|MOBILE|HANDSET|NOT?|NETWORK|SUBSCRIBER|NUMBER|ROUTE|SYSTEM|UNKNOWN|ABSENT"
    r"|INVALID|REJECTED|EXPIRED|FAILED|FAILURE|BARRED|BLOCKED|TIMEOUT))+"
)
_MCC_MNC = re.compile(r"[0-9]{5,6}")


class DeliverSm(Struct, frozen=True, gc=False):
    """A deliver_sm or data_sm as JSON. In a receipt `source_addr` is the recipient."""

    source_addr: str | None = None
    short_message: str | None = None
    esm_class: int | None = None
    tlvs: dict[str, object] | None = None


class Said(Struct, frozen=True, gc=False):
    """The fields of a receipt's text as it spells them, in the order of the usual form."""

    message_id: str | None = None
    submit_date: str | None = None
    done_date: str | None = None
    status: str | None = None
    err: str | None = None
    quote: str | None = None
    mccmnc: str | None = None


_PDUS = Shape(DeliverSm)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    text = _unpadded(_characters(body))
    if text.startswith(("{", "[")):
        return _PDUS.each(text.encode(), context, _said)
    return iter((_with_news(receipt(text, context)),))


def receipt(text: str, context: Context) -> Report:
    """What the text of a receipt says; nothing but what the context knows, if it is none."""
    said = _read(text)
    return _report(said, context, to=None, coded=_coded(said.err, None, context))


def _characters(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _unpadded(text: str) -> str:
    """Without NUL terminators and padding; a NUL for every other character is UCS-2."""
    if "\0" in text:
        text = text.replace("\0", "" if "\0" in text[:2] else " ")
    return text.strip()


def _said(pdu: DeliverSm, context: Context) -> Iterator[Report]:
    yield _with_news(_from_pdu(pdu, context))


def _with_news(report: Report) -> Report:
    if report.message_id is None and report.status is None:
        raise Undecodable("undecodable", "neither a message id nor a state")
    return report


def _from_pdu(pdu: DeliverSm, context: Context) -> Report:
    """TLVs win over the text for id and state, as jasmin, Kannel and cloudhopper have it."""
    tlvs = _named(pdu.tlvs or {})
    said = _read(_unpadded(pdu.short_message or "") or _string(tlvs, "message_payload"))
    state = _state(tlvs.get("message_state"))
    said = msgspec.structs.replace(
        said,
        message_id=_string(tlvs, "receipted_message_id") or said.message_id,
        status=_STATE_WORDS.get(state) or said.status or state or None,
    )
    # Bit 2 makes a receipt, whatever else is set (5.2.12): 0x44 and 0x24 too. Some SMSCs forget it.
    is_marked = pdu.esm_class is None or pdu.esm_class & 0x04
    if not is_marked and not (said.message_id and said.status):
        raise Undecodable("undecodable", "$.esm_class: not a receipt's, and neither text nor TLVs are a receipt")
    coded = _coded(said.err, _network_error(tlvs.get("network_error_code")), context)
    return _report(said, context, to=_unpadded(pdu.source_addr or ""), coded=coded)


def _named(tlvs: Mapping[str, object]) -> dict[str, object]:
    """The TLVs that we read, by name, whether the sender names them or writes their tags (0x001E, 30)."""
    names = ((_TAG_NAMES.get(key.casefold()), value) for key, value in tlvs.items())
    return {name: value for name, value in names if name is not None and value is not None}


def _string(tlvs: Mapping[str, object], name: str) -> str:
    value = tlvs.get(name, "")
    if not isinstance(value, str):
        raise Undecodable("wrong_type", f"$.tlvs.{name}: expected a string")
    return _unpadded(value)


def _state(value: object) -> str:
    """`message_state` as number or word; one of no known meaning yields to the text's `stat`."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Undecodable("wrong_type", "$.tlvs.message_state: expected a number or a word")
    word = str(value).strip().upper()
    return (word.lstrip("0") or "0") if word.isdecimal() else word


def _network_error(value: object) -> tuple[int, str] | None:
    """Type and code of a network_error_code (5.3.2.31); None if it is not three octets: some SMSCs send one."""
    try:
        octets = _octets(value)
    except (ValueError, TypeError, struct.error):
        return None
    if len(octets) != 3:
        return None
    if octets.isdigit():  # three ASCII digits in place of the octets, as a comment in Kannel's sources has it
        return _VENDOR, octets.decode()
    return octets[0], str(int.from_bytes(octets[1:], "big"))


def _octets(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("latin-1") if len(value) == 3 else bytes.fromhex(value.removeprefix("0x"))
    if isinstance(value, dict):  # {"type": 3, "code": 1}, or a Buffer of Node.js
        value = value.get("data", [value.get("type"), value.get("code")])
    if not isinstance(value, list):
        return b""
    return struct.pack(">BH", *value) if len(value) == 2 else bytes(value)


def _coded(err: str | None, network: tuple[int, str] | None, context: Context) -> tuple[str | None, str | None]:
    """The code, and the table that explains it. A network_error_code of zero says nothing, and `err` may say more."""
    if err is not None and err.casefold() in _NO_CODE:
        err = None
    if network is not None and network[1].strip("0"):
        if network[0] == _GSM:
            return network[1], "gsm-map"
        if err is None and network[0] != _VENDOR:
            return network[1], None
        err = network[1] if network[0] == _VENDOR else err
    if err is not None and context.err_dictionary is not None and err.isdecimal():
        err = err.lstrip("0") or "0"  # tables hold 1, SMSCs write 001
    return err, context.err_dictionary


def _read(text: str) -> Said:
    text = text[:_TEXT_LIMIT]
    usual = _USUAL.fullmatch(text)
    return Said(*usual.groups()) if usual else _scan(text)


def _scan(text: str) -> Said:
    """Fields in any order; the first of a name wins, and none is looked for in the quoted message."""
    quote = _QUOTE.search(text)
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(text[: quote.start()] if quote else text):
        if value:
            found.setdefault(name.casefold().replace(" ", ""), value)
    return Said(
        message_id=found.get("id"),
        submit_date=found.get("submitdate"),
        done_date=found.get("donedate"),
        status=found.get("stat"),
        err=found.get("err"),
        quote=quote[1] if quote else None,
        mccmnc=found.get("mccmnc"),
    )


def _report(said: Said, context: Context, *, to: str | None, coded: tuple[str | None, str | None]) -> Report:
    zone = context.tz
    return context.report(
        "smpp",
        context.channel or "sms",
        message_id=said.message_id,
        to=to,
        at=_time(said.done_date, zone),
        submitted_at=_time(said.submit_date, zone),
        status=said.status,
        code=coded[0],
        text=said.quote if said.quote and _NETWORK_WORDS.fullmatch(said.quote) else None,
        codes=coded[1],
        carrier=said.mccmnc if said.mccmnc and _MCC_MNC.fullmatch(said.mccmnc) else None,
    )


def _time(digits: str | None, zone: ZoneInfo | None) -> datetime | None:
    """The time in UTC; None if it is no date, such as all zeros. It is told in the route's zone, and never says so."""
    if digits is None or not digits.isdecimal():
        return None
    for century in _CENTURIES.get(len(digits), ()):
        whole = century + digits
        try:
            time = datetime.fromisoformat(f"{whole[:8]}T{whole[8:]}Z")
            return time if zone is None else time.replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
