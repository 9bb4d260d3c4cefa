"""What all decoders read with, at the sizes and in the forms that tests/system/test_fuzz.py found."""

from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.address import canonical
from acquit.decode import DECODERS, Context
from acquit.decode.fields import EVENTS_LIMIT, MAILBOXES_LIMIT, _unquoted, masked, moment
from acquit.errors import Undecodable
from acquit.events import Engagement, Ignored, Receipt
from acquit.rules import load
from tests.builders import shipped_rules
from tests.decode.fuzz import Input, said_of

RULES = shipped_rules()


@given(st.text(st.sampled_from("%2B4cC3A9zé\\+ \n") | st.characters(exclude_categories=["Cs"])))
def test_form_fields_are_read_as_by_urllib(text: str) -> None:
    try:
        expected = unquote_plus(text, "utf-8", "strict")
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            _unquoted(text, "utf-8")
    else:
        assert _unquoted(text, "utf-8") == expected


def test_epoch_of_any_size_is_refused() -> None:
    with pytest.raises(Undecodable):
        moment(10**400, "at")


def test_words_are_cut_after_many_mailboxes() -> None:
    assert masked("a@b " * MAILBOXES_LIMIT) == "a***@b " * MAILBOXES_LIMIT
    assert masked("ann@b " * 100) == "a***@b " * (MAILBOXES_LIMIT - 1) + "a***@"


def test_text_that_is_no_utf8_in_an_array_of_canonical_events_is_refused_alone() -> None:
    event = b'{"kind":"engagement","provider":"x","to":"+33612345678","channel":"sms","at":1795338004000,"type":"stop"}'
    said = said_of(Input("canonical", "", b"[%b,%b]" % (event, event.replace(b"sms", b"s\xedms")), Context()), RULES)
    assert isinstance(said[0], Engagement)
    assert isinstance(said[1], Undecodable)


def test_arrays_in_arrays_hold_no_more_events_than_one() -> None:
    body = b'{"event":"unsubscribed","email":"ann@example.org","message-id":"<1@x>","list_id":[%b]}'
    lists = b",".join(b"%09d" % place for place in range(100_000_000, 100_000_000 + EVENTS_LIMIT + 1))
    [said] = said_of(Input("brevo", "", body % lists, Context()), RULES)
    assert isinstance(said, Undecodable)
    assert str(EVENTS_LIMIT) in said.detail


@pytest.mark.parametrize("provider", DECODERS)
@pytest.mark.parametrize("part", [b"[],", b'{"a":{}},', b"[" * 100 + b"]" * 100 + b",", b"7" * 4_000 + b","])
def test_large_json_of_next_to_nothing_is_refused(provider: str, part: bytes) -> None:
    body = b'{"status":[' + part * (200_000 // len(part)) + b"0]}"
    [said] = said_of(Input(provider, "", body, Context()), RULES)
    assert isinstance(said, Undecodable)


def test_long_carrier_is_cut_and_a_long_id_of_what_is_replied_to_left_out() -> None:
    long = "x" * 600
    body = f'{{"type":"message-failed","to":"+33612345678","carrierName":"{long}","message":{{"id":"1"}}}}'
    [receipt] = said_of(Input("bandwidth", "", body.encode(), Context()), RULES)
    assert isinstance(receipt, Receipt)
    assert receipt.carrier == "x" * 512
    form = f"From=%2B33612345678&Body=STOP&OriginalRepliedMessageSid={long}"
    [stop] = said_of(Input("twilio", "", form.encode(), Context()), RULES)
    assert isinstance(stop, Engagement)
    assert (stop.type, stop.message_id) == ("stop", None)


def test_long_code_is_looked_up_and_not_remembered() -> None:
    rules = load()  # one of its own, which remembers nothing yet
    rules.rows("twilio", status="failed", code="9" * 4_000)
    rules.rows("twilio", status="failed", code="30003")
    assert len(rules._found) == 1


@pytest.mark.parametrize("address", ["\u0316\u0301" * 500 + "@a", "a@" + "é." * 200, " " * 300 + "a" * 255 + "@b.c"])
def test_mailbox_longer_than_any_is_refused_as_it_stands(address: str) -> None:
    with pytest.raises(Undecodable):
        canonical("email", address)


def test_unknown_zone_is_refused_again_and_again() -> None:
    for zone in ("Nowhere", "Nowhere", "", "..", "\0", "\ud800", "x" * 100):
        with pytest.raises(Undecodable):
            _ = Context(zone=zone).tz


def test_batch_summary_that_names_nobody_is_ignored() -> None:
    [said] = said_of(
        Input("sinch", "", b'{"type":"delivery_report_sms","batch_id":"1","statuses":[]}', Context()), RULES
    )
    assert isinstance(said, Ignored)


def test_contacts_of_next_to_nothing_are_not_all_looked_at() -> None:
    fuzzed = (
        '{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"contacts":[%s]}}]}]}'
    )
    body = fuzzed % ",".join(['"Ann <ann@example.org>"'] * 20_000)
    [said] = said_of(Input("whatsapp", "", body.encode(), Context()), RULES)
    assert said == Ignored("whatsapp", "messages")
