"""The boundaries of ClickSend's receipts and replies: which field speaks, and what may be left out."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode.clicksend import decode
from acquit.decode.context import Context
from acquit.errors import Undecodable
from acquit.events import Reply, Report

RECEIPT = {"message_id": "m1", "status": "Sent", "status_code": "200", "status_text": "Message sent"}
INBOUND = {"message_id": "m2", "from": "+447777777777", "body": "Stop", "original_message_id": "m1"}


def read(fields: dict[str, Any], *, is_form: bool = True, context: Context | None = None) -> Report | Reply:
    body = urlencode(fields) if is_form else json.dumps(fields)
    [said] = decode(body.encode(), context or Context())
    assert isinstance(said, Report | Reply)
    return said


def receipt(**fields: Any) -> Report:
    said = read({**RECEIPT, **fields})
    assert isinstance(said, Report)
    return said


def reply(*, is_form: bool = True, **fields: Any) -> Reply:
    said = read({**INBOUND, **fields}, is_form=is_form)
    assert isinstance(said, Reply)
    return said


def refusal(body: str) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        list(decode(body.encode(), Context()))
    return caught.value


def test_form_and_json_say_the_same() -> None:
    fields = {**RECEIPT, "timestamp": 1759730412, "status_code": 200}
    assert read(fields, is_form=True) == read(fields, is_form=False)


@pytest.mark.parametrize(
    ("status", "code", "word"),
    [
        ("Sent", "200", "Sent"),
        ("Sent", "201", "201"),  # the same word, and it arrived
        ("Delivered", "201", "201"),
        ("Queued", "200", "Queued"),
        ("Failed", "300", "Failed"),
        ("Cancelled", "301", "Cancelled"),
        ("CancelledAfterReview", "", "CancelledAfterReview"),
        ("", "301", "301"),
        ("", "", None),
    ],
)
def test_word_is_the_status_except_where_the_code_knows_better(status: str, code: str, word: str | None) -> None:
    assert receipt(status=status, status_code=code).status == word


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        (("Unknown failure", "Unknown failure"), "Unknown failure"),
        (("Unknown failure", ""), "Unknown failure"),
        (("", "Unknown failure"), "Unknown failure"),
        (("Failed", "Unknown failure"), "Failed; Unknown failure"),
        (("", ""), None),
    ],
)
def test_description_is_read_from_both_fields(texts: tuple[str, str], text: str | None) -> None:
    assert receipt(status_text=texts[0], error_text=texts[1]).text == text


@pytest.mark.parametrize(("text", "code"), [("Unknown failure", "301"), ("", "7")])
def test_error_code_speaks_where_there_is_no_description(text: str, code: str) -> None:
    assert receipt(status_code="301", status_text=text, error_code="7").code == code


def test_recipient_is_the_contexts_unless_the_receipt_names_one() -> None:
    context = Context(to="+33612345678")
    assert [getattr(read({**RECEIPT, "to": to}, context=context), "to", None) for to in ("", "+61411111111")] == [
        "+33612345678",
        "+61411111111",
    ]


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("1759730412", datetime(2025, 10, 6, 6, 0, 12, tzinfo=UTC)),
        ("0", None),
        ("", None),
        ("soon", None),
        ("2025-01-15T10:30:00Z", None),  # of no documented form: the record's own time is taken
        ("-5", None),
    ],
)
def test_time_is_unix_seconds_or_none(timestamp: str, at: datetime | None) -> None:
    assert receipt(timestamp=timestamp).at == at


def test_message_that_a_receipt_quotes_never_passes() -> None:
    said = receipt(body="Your code is 4711", message="Your code is 4711", originalmessage="Your code is 4711")
    assert b"4711" not in msgspec.json.encode(said)


@pytest.mark.parametrize("is_form", [True, False])
def test_reply_names_its_writer_and_the_message_it_answers(is_form: bool) -> None:
    said = reply(is_form=is_form, to="+61411111111", originalmessage="Your code is 4711")
    assert (said.to, said.text, said.message_id, said.says) == ("+447777777777", "Stop", "m1", None)


@pytest.mark.parametrize(
    "fields", [{"message": "Stop", "body": ""}, {"message": "Stop"}, {"body": "Stop", "message": "other"}]
)
def test_text_of_a_reply_has_two_names(fields: dict[str, str]) -> None:
    said = read({"from": "+447777777777", **fields})
    assert isinstance(said, Reply)
    assert said.text == "Stop"


@pytest.mark.parametrize("fields", [{"direction": "in"}, {"status": "Received"}, {"status": "received"}])
def test_history_of_what_came_in_is_a_reply(fields: dict[str, str]) -> None:
    assert isinstance(read({**INBOUND, "status_code": "200", **fields}), Reply)


@pytest.mark.parametrize("kind", ["voice", "fax", "email"])
def test_receipt_of_another_kind_of_message_is_refused(kind: str) -> None:
    error = refusal(urlencode({**RECEIPT, "message_type": kind}))
    assert (error.reason, error.detail) == ("absurd_value", "$.message_type: neither sms nor mms")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "missing_field"),
        ("status=Sent", "missing_field"),
        ("body=Stop", "missing_field"),
        ('{"message_id": "m1", "status": ["Sent"]}', "wrong_type"),
        ('{"message_id": "m1", "status": "Sent"', "undecodable"),
        ("message_id=%ff&status=Sent", "undecodable"),
        ("message_id=m1&status=Sent&timestamp=99999999999999999", "absurd_value"),
    ],
)
def test_what_cannot_be_read_says_why(body: str, reason: str) -> None:
    assert refusal(body).reason == reason


_FIELD_NAMES = st.sampled_from(["message_id", "status", "status_code", "error_text", "timestamp", "from", "body", "to"])
_FIELD_VALUES = st.none() | st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=3), max_size=2)


@given(st.dictionaries(_FIELD_NAMES, _FIELD_VALUES), st.booleans())
def test_any_fields_are_read_or_undecodable(fields: dict[str, Any], is_form: bool) -> None:
    with suppress(Undecodable):
        read(fields, is_form=is_form)
