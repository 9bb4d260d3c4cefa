"""One form for everything: canonical addresses, UTC, times that can be, a carrier, an origin."""

from datetime import UTC, datetime, timedelta

import phonenumbers
import phonenumbers.carrier
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from phonenumbers.carrierdata import CARRIER_DATA

from acquit.errors import Undecodable
from acquit.events import Command, Engagement, Receipt, Report, Submit
from acquit.normalise import guess_carrier, normalise_event, normalise_report

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
REPORT = Report("smpp", "sms", message_id="m1", to="33612345678", at=NOW)
RECEIPT = Receipt("infobip", "sms", NOW, "delivered_handset", message_id="m1", to="+33612345678")
SUBMIT = Submit("infobip", "m1", "+33612345678", "sms", NOW)
STOP = Engagement("infobip", "+33612345678", "sms", NOW, "stop")
ADD = Command("add", "+33612345678", "sms", NOW, by="jo", reason="asked")
EDGE_OF_TIME = [
    datetime.fromisoformat("0001-01-01T00:00:00+23:59"),  # the year 0 when brought to UTC
    datetime.fromisoformat("9999-12-31T23:59:59-23:59"),  # the year 10000
]


def refusal(report: Report) -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        normalise_report(report, received_at=NOW)
    return caught.value


def test_recipient_becomes_canonical() -> None:
    assert normalise_report(REPORT, received_at=NOW).to == "+33612345678"
    event = normalise_event(replace(STOP, to="0033 6 12 34 56 78"), received_at=NOW, src=None)
    assert event.to == "+33612345678"


def test_report_needs_a_message_or_a_recipient() -> None:
    assert normalise_report(replace(REPORT, to=None), received_at=NOW).message_id == "m1"
    assert normalise_report(replace(REPORT, message_id=None), received_at=NOW).to == "+33612345678"
    assert refusal(replace(REPORT, to=None, message_id=None)).reason == "missing_field"


@pytest.mark.parametrize(("length", "fits"), [(0, False), (1, True), (512, True), (513, False)])
def test_message_id_has_1_to_512_characters(length: int, fits: bool) -> None:
    report = replace(REPORT, message_id="m" * length)
    if fits:
        assert normalise_report(report, received_at=NOW).message_id == "m" * length
    else:
        assert refusal(report).reason == "absurd_value"


def test_report_without_a_time_gets_the_time_of_its_record() -> None:
    assert normalise_report(replace(REPORT, at=None), received_at=NOW).at == NOW


def test_times_are_brought_to_utc() -> None:
    at = datetime.fromisoformat("2026-11-22T09:30:00+01:00")
    report = normalise_report(replace(REPORT, at=at, submitted_at=at), received_at=NOW)
    assert report.at is not None
    assert report.at.isoformat() == "2026-11-22T08:30:00+00:00"
    assert report.submitted_at is not None
    assert report.submitted_at.isoformat() == "2026-11-22T08:30:00+00:00"


@pytest.mark.parametrize(
    ("at", "is_true"),
    [
        (datetime(1999, 12, 31, 23, 59, 59, 999_000, UTC), False),
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (NOW + timedelta(days=1), True),  # no wrong zone is further ahead
        (NOW + timedelta(days=1, milliseconds=1), False),
        *((edge, False) for edge in EDGE_OF_TIME),
    ],
)
@pytest.mark.parametrize("field", ["at", "submitted_at"])
def test_time_before_2000_or_more_than_a_day_ahead_is_no_time(at: datetime, is_true: bool, field: str) -> None:
    report = replace(REPORT, **{field: at})
    receipt = replace(RECEIPT, **{field: at})
    if is_true:
        assert getattr(normalise_report(report, received_at=NOW), field) == at
        assert getattr(normalise_event(receipt, received_at=NOW, src=None), field) == at
        return
    error = refusal(report)
    assert (error.reason, error.detail.split(":")[0]) == ("absurd_value", f"$.{field}")
    with pytest.raises(Undecodable):
        normalise_event(receipt, received_at=NOW, src=None)


@pytest.mark.parametrize("until", EDGE_OF_TIME)
def test_hold_until_a_year_that_no_calendar_has_is_refused(until: datetime) -> None:
    with pytest.raises(Undecodable):
        normalise_event(replace(ADD, until=until), received_at=NOW, src=None)


def test_hold_that_ends_before_it_begins_is_refused() -> None:
    # 1970 is 0 milliseconds, which the ledger reads as "for ever"
    with pytest.raises(Undecodable):
        normalise_event(replace(ADD, until=datetime(1970, 1, 1, tzinfo=UTC)), received_at=NOW, src=None)


@pytest.mark.parametrize("event", [RECEIPT, SUBMIT, STOP, ADD])
def test_event_carries_where_it_was_read_and_not_what_it_claims(event: Receipt | Submit | Engagement | Command) -> None:
    forged = replace(event, src=("elsewhere", 9, 9, 9))
    assert normalise_event(forged, received_at=NOW, src=("raw", 0, 5, 0)).src == ("raw", 0, 5, 0)
    assert normalise_event(forged, received_at=NOW, src=None).src is None


def test_receipt_keeps_the_time_at_which_it_says_it_was_received() -> None:
    earlier = NOW - timedelta(hours=1)
    kept = normalise_event(replace(RECEIPT, received_at=earlier), received_at=NOW, src=None)
    taken = normalise_event(RECEIPT, received_at=NOW, src=None)
    assert isinstance(kept, Receipt)
    assert isinstance(taken, Receipt)
    assert (kept.received_at, taken.received_at) == (earlier, NOW)


def test_carrier_of_the_range_is_marked_as_a_guess() -> None:
    receipt = normalise_event(RECEIPT, received_at=NOW, src=None)
    assert isinstance(receipt, Receipt)
    assert (receipt.carrier, receipt.carrier_is_guess) == ("SFR", True)


def test_carrier_that_is_told_is_no_guess() -> None:
    receipt = normalise_event(replace(RECEIPT, carrier="20801"), received_at=NOW, src=None)
    assert isinstance(receipt, Receipt)
    assert (receipt.carrier, receipt.carrier_is_guess) == ("20801", False)


def test_mailbox_has_no_guessed_carrier() -> None:
    assert guess_carrier("jo@example.com") is None


@given(st.sampled_from(sorted(CARRIER_DATA)), st.text("0123456789", min_size=4, max_size=10))
def test_guess_is_what_phonenumbers_says(prefix: str, rest: str) -> None:
    to = f"+{prefix}{rest}"[:16]
    number = phonenumbers.parse(to)
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == to and to.isascii():
        names = phonenumbers.carrier.name_for_number(number, "en")
        assert not names or guess_carrier(to) == names
