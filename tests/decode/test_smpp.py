"""The boundaries of receipts' texts and TLVs; tests/samples/smpp holds every variant that is publicly known."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit import rules
from acquit.decode.context import Context
from acquit.decode.smpp import decode
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Report

SAMPLES = Path(__file__).parent.parent / "samples" / "smpp"
USUAL = "id:1 sub:001 dlvrd:001 submit date:2302231414 done date:2302231415 stat:{stat} err:{err} text:{text}"


def text(stat: str = "UNDELIV", err: str = "000", quote: str = "") -> str:
    return USUAL.format(stat=stat, err=err, text=quote)


def one(body: str | bytes, context: Context | None = None) -> Report:
    [report] = decode(body.encode() if isinstance(body, str) else body, context or Context())
    assert isinstance(report, Report)
    return report


def pdu(short_message: Any = "", *, esm_class: Any = 4, source_addr: Any = "33700000001", **tlvs: Any) -> str:
    fields = {"source_addr": source_addr, "short_message": short_message, "esm_class": esm_class, "tlvs": tlvs}
    return json.dumps(fields)


def refusal(body: str | bytes, context: Context | None = None) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        one(body, context)
    return caught.value


def test_every_variant_of_the_table_has_a_sample() -> None:
    assert {path.name[:2] for path in SAMPLES.iterdir()} >= {f"{n:02}" for n in range(1, 21)}


def test_quoted_message_never_passes() -> None:
    for quote in (
        "Your code is 4711",
        "1234 IS YOUR CODE",
        "FACE TO FACE",
        "2BED FLAT FOR SALE",
        "DB52 SMS ERROR 4711",
    ):
        assert one(text(quote=quote)).text is None


def test_quoted_message_speaks_for_no_field() -> None:
    report = one("id:1 err:001 text:my id:2 stat:DELIVRD err:000 MCCMNC:20801")
    assert (report.message_id, report.status, report.code, report.carrier) == ("1", None, "001", None)


def test_first_field_of_a_name_wins() -> None:
    assert one("id:1 stat:UNDELIV stat:DELIVRD").status == "UNDELIV"


def test_empty_field_does_not_take_its_neighbour() -> None:
    report = one("id:1 stat: err: sub:001")
    assert (report.status, report.code) == (None, None)


def test_value_after_a_space_is_read() -> None:
    assert one("id: 1 stat: DELIVRD err: 000").status == "DELIVRD"


def test_status_keeps_the_spelling_of_the_text() -> None:
    assert one(text(stat="Delivrd")).status == "Delivrd"


@pytest.mark.parametrize(
    ("digits", "at"),
    [
        ("2402291200", "2024-02-29T12:00:00+00:00"),
        ("2302291200", None),  # no leap year
        ("2313011200", None),  # month 13
        ("2301012400", None),  # hour 24
        ("230101120060", None),  # second 60
        ("201106201641", "2020-11-06T20:16:41+00:00"),  # both readings are dates: the short year goes first
        ("201306201641", "2013-06-20T16:41:00+00:00"),  # the first whole year that no short one can be
        ("230101120", None),  # 9 digits
        ("23010112000", None),  # 11
        ("2301011200000", None),  # 13
        ("00000000000000", None),
        ("99991231235959", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_done_date_is_read_or_left_out(digits: str, at: str | None) -> None:
    report = one(f"id:1 stat:DELIVRD done date:{digits}")
    assert (report.at.isoformat() if report.at else None) == at


@pytest.mark.parametrize(
    ("digits", "zone", "at"),
    [
        ("2307011200", "Europe/Paris", "2023-07-01T10:00:00+00:00"),
        ("2301011200", "Europe/Paris", "2023-01-01T11:00:00+00:00"),
        ("2303260230", "Europe/Paris", "2023-03-26T01:30:00+00:00"),  # the hour that never was
        ("99991231235959", "America/New_York", None),  # past the last year when brought to UTC
    ],
)
def test_dates_are_told_in_the_zone_of_the_route(digits: str, zone: str, at: str | None) -> None:
    report = one(f"id:1 stat:DELIVRD done date:{digits}", Context(zone=zone))
    assert (report.at.isoformat() if report.at else None) == at


@pytest.mark.parametrize("zone", ["Nowhere/Here", "../etc/passwd", "Europe", "\0"])
def test_zone_that_does_not_exist_is_refused(zone: str) -> None:
    assert refusal(text(), Context(zone=zone)).reason == "absurd_value"


@pytest.mark.parametrize(
    ("err", "without_table", "with_table"),
    [
        ("000", "000", "0"),
        ("001", "001", "1"),
        ("100", "100", "100"),
        ("00B", "00B", "00B"),  # hexadecimal: its zeros are part of the spelling
        ("0x0B", "0x0B", "0x0B"),
        ("NULL", None, None),
    ],
)
def test_decimal_err_loses_its_zeros_only_for_a_table(
    err: str, without_table: str | None, with_table: str | None
) -> None:
    assert one(text(err=err)).code == without_table
    report = one(text(err=err), Context(err_dictionary="huawei"))
    assert (report.code, report.codes) == (with_table, "huawei")


@pytest.mark.parametrize(
    ("value", "code", "codes"),
    [
        ("030001", "1", "gsm-map"),
        ("0x03001b", "27", "gsm-map"),
        ("03 00 01", "1", "gsm-map"),
        ("\x03\x00\x01", "1", "gsm-map"),  # the octets as characters
        ([3, 0, 1], "1", "gsm-map"),
        ([3, 1], "1", "gsm-map"),
        ({"type": 3, "code": 1}, "1", "gsm-map"),
        ({"type": "Buffer", "data": [3, 0, 1]}, "1", "gsm-map"),
        ({"type": 8, "code": 17}, "17", "huawei"),
        ("034", "34", "huawei"),  # three digits as text
        ("303334", "34", "huawei"),  # and as their octets
        # no news: `err` speaks
        ("030000", "88", "huawei"),  # zero is no error
        ("010005", "88", "huawei"),  # a type that no table explains
        ("00", "88", "huawei"),  # one octet
        ("03000001", "88", "huawei"),
        ("", "88", "huawei"),
        ("nonsense", "88", "huawei"),
        ("äöü€", "88", "huawei"),
        ("€uro"[:3], "88", "huawei"),  # three characters that are no octets
        ([], "88", "huawei"),
        ([3, 0, 256], "88", "huawei"),
        ([3, "1"], "88", "huawei"),
        ([3, 70000], "88", "huawei"),
        ({}, "88", "huawei"),
        ({"type": 3}, "88", "huawei"),
        (196609, "88", "huawei"),
        (None, "88", "huawei"),
        (True, "88", "huawei"),
    ],
)
def test_network_error_code_is_read_in_every_dress_or_ignored(value: Any, code: str, codes: str) -> None:
    report = one(pdu(text(err="088"), network_error_code=value), Context(err_dictionary="huawei"))
    assert (report.code, report.codes) == (code, codes)


def test_network_error_of_an_unexplained_type_is_kept_where_err_is_silent() -> None:
    report = one(pdu(text(err="null"), network_error_code="010005"), Context(err_dictionary="huawei"))
    assert (report.code, report.codes) == ("5", None)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (0, "SCHEDULED"),
        (1, "ENROUTE"),
        (2, "DELIVRD"),
        (3, "EXPIRED"),
        (4, "DELETED"),
        (5, "UNDELIV"),
        (6, "ACCEPTD"),
        (7, "UNKNOWN"),
        (8, "REJECTD"),
        (9, "SKIPPED"),
        ("2", "DELIVRD"),
        ("02", "DELIVRD"),
        ("00", "SCHEDULED"),
        ("Delivered", "DELIVRD"),
        ("", "BUFFRED"),
        (None, "BUFFRED"),
        (10, "BUFFRED"),  # of no known meaning: the text's word stands
    ],
)
def test_message_state_wins_over_stat_where_it_means_something(state: Any, status: str) -> None:
    assert one(pdu(text(stat="BUFFRED"), message_state=state)).status == status


def test_message_state_of_no_known_meaning_is_shown_where_there_is_no_stat() -> None:
    assert one(pdu(message_state=10)).status == "10"


@pytest.mark.parametrize("key", ["receipted_message_id", "receiptedMessageId", "0x001E", "0x1e", "001E", "30"])
def test_tlv_is_found_by_name_and_by_tag(key: str) -> None:
    assert one(pdu(text(), **{key: "6000"})).message_id == "6000"


def test_unknown_tlv_is_ignored() -> None:
    assert one(pdu(text(), source_network_type={"any": [1]})).message_id == "1"


def test_short_message_goes_before_message_payload() -> None:
    assert one(pdu(text(), message_payload="id:2 stat:DELIVRD")).message_id == "1"


@pytest.mark.parametrize("esm_class", [4, 0x44, 0x24, 0xC4, None])
def test_esm_class_of_a_receipt_lets_a_lone_state_pass(esm_class: int | None) -> None:
    assert one(pdu("stat:DELIVRD", esm_class=esm_class)).status == "DELIVRD"


@pytest.mark.parametrize("esm_class", [0, 0x08, 0x10, 0x20, 0x40, 0x80])
def test_other_esm_class_needs_a_whole_receipt(esm_class: int) -> None:
    assert one(pdu(text(), esm_class=esm_class)).message_id == "1"
    assert refusal(pdu("my id:1 please", esm_class=esm_class)).reason == "undecodable"


def test_recipient_is_the_source_address_else_the_context_says() -> None:
    context = Context(to="+33700000002")
    assert one(pdu(text()), context).to == "33700000001"
    assert one(pdu(text(), source_addr=None), context).to == "+33700000002"
    assert one(pdu(text(), source_addr=""), context).to == "+33700000002"
    assert one(json.dumps({"short_message": text()})).to is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (pdu(text(), source_addr=33700000001), "$.source_addr"),
        (pdu([1]), "$.short_message"),
        (pdu(text(), esm_class="4"), "$.esm_class"),
        (pdu(text(), esm_class=4.5), "$.esm_class"),
        (json.dumps({"tlvs": []}), "$.tlvs"),
        (pdu(text(), receipted_message_id=6000), "$.tlvs.receipted_message_id"),
        (pdu(message_payload=["id:1"]), "$.tlvs.message_payload"),
        (pdu(text(), message_state=True), "$.tlvs.message_state"),
        (pdu(text(), message_state=2.5), "$.tlvs.message_state"),
        (pdu(text(), message_state=[2]), "$.tlvs.message_state"),
    ],
)
def test_wrong_type_names_the_field_and_not_its_value(body: str, path: str) -> None:
    error = refusal(body)
    assert error.reason == "wrong_type"
    assert path in error.detail
    assert "33700000001" not in error.detail


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0",
        b"Hello there",
        b"submit date:2302231414",
        b"id: sub:001 stat:",
        b"{}",
        b"null",
        b'"id"',
        b'{"short_message":"id:1 stat:DELIVRD',  # cut short: half a receipt is none
        b'{"short_message":"\\ud800"}',
        b'{"deep":' + b"[" * 100_000,
    ],
)
def test_body_without_a_receipt_is_undecodable(body: bytes) -> None:
    assert refusal(body).reason == "undecodable"


def test_array_without_a_pdu_says_nothing() -> None:
    assert list(decode(b" [ ] ", Context())) == []


def test_pdu_among_others_is_refused_in_its_place() -> None:
    body = f"[{pdu(text())}, {pdu('my id:1 please', esm_class=0)}, {pdu(text(), esm_class='4')}, {pdu(text())}]"
    first, stray, wrong, last = decode(body.encode(), Context())
    assert first == last == one(pdu(text()))
    assert isinstance(stray, Undecodable)
    assert isinstance(wrong, Undecodable)
    assert (stray.reason, wrong.reason) == ("undecodable", "wrong_type")
    assert stray.detail.startswith("$[1].esm_class")
    assert wrong.detail.startswith("$[2]: ")


def test_text_is_read_as_far_as_a_message_payload_can_reach() -> None:
    assert one("id:1 stat:DELIVRD" + " " * 65_536 + "err:001").code is None


def test_json_with_stray_latin_1_is_read() -> None:
    assert one(pdu(text(quote="caf#")).encode().replace(b"#", b"\xe9")).message_id == "1"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_TLVS = st.dictionaries(
    st.sampled_from(["receipted_message_id", "message_state", "network_error_code", "message_payload", "30"]), _JSON
)
_TEXTS = st.lists(
    st.sampled_from(["id:", "stat:", "err:", "text:", "done date:", "MCCMNC:", " ", "0", "2302231414", "\0", "\n"])
    | st.text(max_size=14)
).map("".join)
_PDUS = st.fixed_dictionaries(
    {}, optional={"source_addr": _JSON, "short_message": _TEXTS | _JSON, "esm_class": _JSON, "tlvs": _TLVS | _JSON}
)
_BODIES = (
    st.binary()
    | _TEXTS.map(str.encode)
    | (_PDUS | st.lists(_PDUS | _JSON, max_size=3)).map(lambda fields: json.dumps(fields).encode())
)


@given(_BODIES, st.sampled_from([Context(), Context(zone="Pacific/Kiritimati", err_dictionary="huawei")]))
def test_any_bytes_are_reports_or_undecodable(body: bytes, context: Context) -> None:
    refused = None
    try:
        for said in decode(body, context):
            assert isinstance(said, Undecodable) or (isinstance(said, Report) and (said.message_id or said.status))
    except Undecodable as error:
        refused = error.reason
    assert refused is None or refused in UNDECODABLE_REASONS


def test_every_state_has_a_row_in_the_status_table() -> None:
    words = rules.load().statuses["smpp"]
    for state in range(10):
        status = one(pdu(message_state=state)).status
        assert status is not None
        assert words[status.casefold()].status == words[str(state)].status


@pytest.mark.parametrize(
    ("code", "category", "permanence"),
    [
        ("1", "recipient_unknown", "permanent"),  # the home network says so: strong
        ("5", "recipient_unknown", "transient"),  # the visited one says so: weak
        ("9", "recipient_inactive", "permanent"),
        ("11", "recipient_inactive", "permanent"),
        ("12", "recipient_not_capable", "transient"),  # of the handset, not of the number
        ("13", "recipient_barred", "transient"),
        ("21", "recipient_not_capable", "transient"),
        ("27", "recipient_unreachable", "transient"),
        ("33", "recipient_storage_full", "transient"),
        ("34", "network_or_system_error", "transient"),
        ("44", "recipient_moved", "permanent"),
        ("71", "message_invalid", "none"),
    ],
)
def test_map_error_tells_strong_evidence_from_weak(code: str, category: str, permanence: str) -> None:
    [row] = rules.load().codes["gsm-map"][code]
    assert (row.category, row.permanence) == (category, permanence)


def test_same_number_means_something_else_in_another_table() -> None:
    codes = rules.load().codes
    assert codes["gsm-map"]["17"][0].category != codes["huawei"]["17"][0].category
