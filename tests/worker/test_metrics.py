"""Labels: from closed lists or capped, and never a recipient's address or a message's id. What goes is taken away."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client import generate_latest

from acquit.capped import OTHER, Capped
from acquit.effects import AlertKind, Entry, Evidence, RouteVerdict, Suppression
from acquit.events import Event, Status, VerdictWord
from acquit.partition import Counts
from acquit.routes.raised import Raised, Subject
from acquit.routes.recent import Recent
from acquit.worker.metric_names import IGNORED_KINDS, PROVIDERS, ROUTES, SHOWN_ALERTS, SHOWN_PLACES, UNKNOWN_CODES
from acquit.worker.metrics import Metrics
from tests.builders import MAIL, START, complaint, engagement, folded, receipt, submit


def metrics() -> Metrics:
    return Metrics(Capped(10))


def series(of: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one name, by the values of their labels in the order of the labels' names."""
    return {
        tuple(sample.labels[label] for label in sorted(sample.labels)): sample.value
        for family in of.registry.collect()
        for sample in family.samples
        if sample.name == f"acquit_{name}"
    }


def unknown(of: Metrics, *words: tuple[str, str]) -> None:
    of.folded(Counts(unknown=dict.fromkeys(words, 1)), [])


HIDDEN = [
    "+33612345678", "33612345678", "06 12 34 56 78", "06.12.34.56.78", "336-123-4567", "(336) 123-4567", "0612/345/678",
    "ann@example.org", "status ann@example.org", "550e8400-e29b-41d4-a716-446655440000",
    "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA=",
    "R14554qsAGSkiKYYviJN31.recvd-5f54b5d587", "192.168.100.200", "x" * 41, "", "a\nb", 'a"b', "né", "\u0661",
]  # fmt: skip
SHOWN = ["30005", "131050", "5.7.1", "550 5.7.1", "0x0404", "account_update", "machine open", "status LOST", "a/b:c-d"]


@pytest.mark.parametrize("word", HIDDEN)
def test_word_that_may_be_an_address_or_an_id_is_no_label(word: str) -> None:
    of = metrics()
    of.ignored("sendgrid", word)
    unknown(of, ("twilio", word), (word, "1"))
    assert set(series(of, "ignored_events_total")) == {(OTHER, "sendgrid")}
    assert set(series(of, "unknown_codes_total")) == {(OTHER, "twilio"), ("1", OTHER)}


@pytest.mark.parametrize("word", SHOWN)
def test_providers_own_word_is_the_label(word: str) -> None:
    of = metrics()
    of.ignored("sendgrid", word)
    unknown(of, ("twilio", word))
    assert series(of, "ignored_events_total") == {(word, "sendgrid"): 1}
    assert series(of, "unknown_codes_total") == {(word, "twilio"): 1}


@given(st.text("0123456789+ .-/()", min_size=7).filter(lambda text: sum(map(str.isdigit, text)) > 6))
def test_no_number_of_seven_digits_is_shown_however_it_is_written(number: str) -> None:
    of = metrics()
    of.ignored("sendgrid", number)
    unknown(of, ("twilio", f"status {number}"))
    assert {kind for kind, _ in series(of, "ignored_events_total")} == {OTHER}
    assert {code for code, _ in series(of, "unknown_codes_total")} == {OTHER}


def _word(number: int) -> str:
    return f"w{number}"


def test_words_are_capped_and_all_are_counted() -> None:
    of = metrics()
    for number in range(2 * UNKNOWN_CODES):
        of.ignored("sendgrid", _word(number))
        unknown(of, ("twilio", _word(number)))
    for name, limit in (("ignored_events_total", IGNORED_KINDS), ("unknown_codes_total", UNKNOWN_CODES)):
        found = series(of, name)
        assert len(found) == limit + 1
        assert sum(found.values()) == 2 * UNKNOWN_CODES


def test_providers_of_canonical_receipts_are_capped() -> None:
    of = metrics()
    unknown(of, *((_word(number), "1") for number in range(2 * PROVIDERS)))
    assert len(series(of, "unknown_codes_total")) == PROVIDERS + 1


def test_unknown_code_is_logged_when_it_is_first_seen(caplog: pytest.LogCaptureFixture) -> None:
    of = metrics()
    for _ in range(3):
        unknown(of, ("twilio", "30999"), ("vonage", "30999"))
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "twilio says 30999",
        "vonage says 30999",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_log_of_unknown_codes_ends(caplog: pytest.LogCaptureFixture) -> None:
    of = metrics()
    for number in range(3 * UNKNOWN_CODES):
        unknown(of, ("twilio", _word(number)), (f"p{number}", "1"))
    assert len(caplog.records) == UNKNOWN_CODES


def test_code_that_is_not_shown_is_not_logged_either(caplog: pytest.LogCaptureFixture) -> None:
    unknown(
        metrics(),
        ("twilio", "+33612345678"),
        ("33612345678", "1"),
        *(("p", _word(n)) for n in range(UNKNOWN_CODES + 9)),
    )
    assert "33612345678" not in caplog.text
    assert "says other" not in caplog.text


def test_ledger_counts_a_code_that_no_table_knows_once_for_each_receipt_that_is_news() -> None:
    said = receipt("failed", "m1", category="unknown", rule="twilio:unknown", said={"code": "30999", "status": "lost"})
    again = receipt("failed", "m2", category="unknown", rule="twilio:unknown", said={"code": "30999", "status": "lost"})
    state = folded(said, said, again)
    of = metrics()
    of.folded(state.take_counts(), [])
    of.folded(state.take_counts(), [])
    assert series(of, "unknown_codes_total") == {("30999", "p"): 2}


def matched(of: Metrics) -> dict[tuple[str, ...], float]:
    """By known_by and route."""
    return series(of, "route_messages")


def test_route_shows_what_was_submitted_and_what_receipts_alone_know() -> None:
    of = metrics()
    of.show_matched({"a": (3, 1), "": (0, 2)})
    assert matched(of) == {
        ("submit", "a"): 3, ("receipts", "a"): 1, ("submit", "unknown"): 0, ("receipts", "unknown"): 2,
    }  # fmt: skip


def test_route_that_has_no_messages_of_the_newest_day_any_more_goes() -> None:
    of = metrics()
    of.show_matched({"a": (3, 1), "b": (1, 1)})
    of.show_matched({"b": (2, 1)})
    assert matched(of) == {("submit", "b"): 2, ("receipts", "b"): 1}
    of.show_matched({"a": (1, 0)})
    assert matched(of) == {("submit", "a"): 1, ("receipts", "a"): 0}
    of.clear_cohorts()
    assert matched(of) == {}
    of.show_matched({"b": (2, 1)})
    assert matched(of) == {("submit", "b"): 2, ("receipts", "b"): 1}


def test_routes_over_the_limit_are_other_and_added_up() -> None:
    of = metrics()
    of.show_matched({_word(number): (1, 2) for number in range(ROUTES + 5)})
    found = matched(of)
    assert len(found) == 2 * (ROUTES + 1)
    assert (found["submit", OTHER], found["receipts", OTHER]) == (5, 10)


def test_page_of_metrics_can_be_read_whatever_the_labels_hold() -> None:
    of = metrics()
    of.show_matched({'a"b\\\n': (1, 0)})
    assert b'route="a\\"b\\\\\\n"' in generate_latest(of.registry)


def test_time_of_each_step_since_the_submit_is_shown_by_status() -> None:
    of = metrics()
    told: list[Event] = [
        submit(),
        receipt("accepted", at=1.5),
        receipt("delivered_handset", at=40),
        receipt("delivered_handset", at=50),
    ]
    of.folded(folded(*told).take_counts(), [])
    shown = series(of, "receipt_latency_seconds_bucket")
    within = {(status, bound): count for (_, bound, status), count in shown.items()}
    assert [within["accepted", bound] for bound in ("1.0", "2.0", "+Inf")] == [0, 1, 1]
    assert [within["delivered_handset", bound] for bound in ("30.0", "60.0", "+Inf")] == [0, 1, 1]


def test_time_since_a_submit_that_nobody_told_is_not_shown() -> None:
    of = metrics()
    of.folded(folded(receipt("delivered_handset", at=40)).take_counts(), [])
    assert series(of, "receipt_latency_seconds_bucket") == {}


def counted(*events: Event) -> Metrics:
    of = metrics()
    of.folded(folded(*events).take_counts(), [])
    return of


def test_message_ends_once_under_what_its_submit_says_of_it() -> None:
    of = counted(
        submit(country="FR", content="otp", segments=2, carrier="20801"),
        receipt("accepted", at=1),
        receipt("delivered_network", at=2),
        receipt("delivered_handset", at=3),
        receipt("delivered_handset", at=3),
    )
    assert series(of, "ended_total") == {("20801", "sms", "delivered"): 1}
    assert series(of, "ended_by_country_total") == {("sms", "FR", "delivered"): 1}
    assert series(of, "ended_by_content_total") == {("sms", "otp", "delivered"): 1}
    assert series(of, "ended_by_segments_total") == {("sms", "delivered", "2"): 1}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("failed", "failed"),
        ("expired", "failed"),
        ("unknown", "failed"),
        ("rejected", "rejected"),
        ("read", "delivered"),
    ],
)
def test_outcome_is_what_a_delivery_ratio_divides(status: Status, outcome: str) -> None:
    assert set(series(counted(receipt(status)), "ended_total")) == {("unknown", "sms", outcome)}


@pytest.mark.parametrize("status", ["queued", "sent", "accepted", "deferred", "cancelled"])
def test_what_ends_nothing_counts_as_no_outcome(status: Status) -> None:
    assert series(counted(receipt(status)), "ended_total") == {}


def test_message_without_a_submit_has_unknown_kinds() -> None:
    of = counted(receipt("delivered_handset"))
    assert series(of, "ended_by_segments_total") == {("sms", "delivered", "unknown"): 1}
    assert series(of, "ended_by_content_total") == {("sms", "unknown", "delivered"): 1}


def test_complaint_counts_once_though_its_mail_was_delivered_before_and_its_provider_repeats_itself() -> None:
    mail = {"to": MAIL, "carrier": "gmail.com"}
    of = counted(receipt("delivered_handset", at=1, **mail), complaint(at=5, carrier="gmail.com"), complaint(at=6))
    assert series(of, "complaints_total") == {("gmail.com", "email"): 1}


def test_engagement_counts_once_for_each_message() -> None:
    of = counted(submit(), engagement("click", at=5, message_id="m1"), engagement("click", at=6, message_id="m1"))
    assert series(of, "engagements_total") == {("sms", "click"): 1}


def raised(kind: AlertKind, number: int, messages: int = 9) -> Raised:
    return Raised(kind, Subject("sms", "20801", "", f"r{number}"), 0, 0.1, messages, 0.5, 0.9)


def test_alert_shows_what_it_rests_on_and_goes_when_it_is_over() -> None:
    of = metrics()
    of.show_alerts([raised("delivery_drop", 1)])
    labels = ("20801", "sms", "delivery_drop", "r1", "", "")
    assert series(of, "alert_active") == {labels: 1}
    assert series(of, "alert_messages") == {labels: 9}
    assert series(of, "alert_ratio") == {labels: 0.5}
    assert series(of, "alert_expected_ratio") == {labels: 0.9}
    of.show_alerts([])
    assert not any(
        series(of, name) for name in ("alert_active", "alert_messages", "alert_ratio", "alert_expected_ratio")
    )


def test_alerts_that_are_too_many_to_show_are_counted_and_those_of_most_messages_are_shown() -> None:
    of = metrics()
    of._routes = Capped(2 * SHOWN_ALERTS)
    of.show_alerts([raised("delivery_drop", number, messages=number) for number in range(SHOWN_ALERTS + 7)])
    assert len(series(of, "alert_active")) == SHOWN_ALERTS
    assert series(of, "alerts_unshown") == {(): 7}
    assert min(series(of, "alert_messages").values()) == 7


def verdict(number: int, word: VerdictWord, messages: int = 1) -> RouteVerdict:
    return RouteVerdict("sms", "aggr", "s", f"c{number}", "2026-11-22", word, 1.0, 7, (), messages, "said")


def test_contradicted_routes_are_shown_whatever_number_of_clean_ones_there_is() -> None:
    of = Metrics(Capped(2 * SHOWN_PLACES))
    clean = [verdict(number, "clean", messages=10**6) for number in range(SHOWN_PLACES + 3)]
    of.show_verdicts([*clean, verdict(-1, "contradicted"), verdict(-2, "suspect")])
    shown = series(of, "route_verdict")
    assert (shown["c-1", "sms", "aggr"], shown["c-2", "sms", "aggr"]) == (2, 1)
    assert (len(shown), series(of, "routes_unshown")) == (SHOWN_PLACES, {(): 5})
    assert {labels[2] for labels in series(of, "alert_active")} == {"route_contradicted", "route_suspect"}


def test_restore_by_staff_is_told_from_what_the_policy_lifts() -> None:
    of, entry = metrics(), Entry("recipient_unknown", START, "rule", Evidence("p", START))
    lifted = Suppression("sms:+33612345678", "*", "lifted", START, None, entry, 1)
    of.folded(Counts(), [lifted, replace(lifted, by="ann")])
    found = series(of, "suppression_changes_total")
    assert found == {
        ("acquit", "lifted", "sms", "recipient_unknown"): 1, ("staff", "lifted", "sms", "recipient_unknown"): 1,
    }  # fmt: skip


def test_delivery_of_the_last_hour_is_shown_beside_what_is_usual_until_nothing_is_known_of_it() -> None:
    of = metrics()
    of.show_recent({("sms", "20801"): Recent(100, 80, 93.5)})
    names = ("recent_messages", "recent_delivered", "recent_expected")
    assert [series(of, name) for name in names] == [{("20801", "sms"): number} for number in (100, 80, 93.5)]
    of.show_recent({})
    assert [series(of, name) for name in names] == [{}, {}, {}]
