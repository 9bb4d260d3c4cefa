"""The records are the plan's, byte for byte: seeded, in time, and as troubled as the scenario says."""

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import phonenumbers
import pytest

from acquit import events
from acquit.errors import BadSettings
from acquit.events import Engagement, Status, Submit
from acquit.simulate import Carrier, Record, Scenario, Truth, simulate, truth_of

HOUR_MS = 3_600_000
START = datetime(2026, 11, 22, tzinfo=UTC)
SCENARIO = Scenario(seed=7, messages=20_000, start=START)
TEXT = re.compile(r"id:(\w+) .* submit date:(\d{10}) done date:\d{10} stat:(\w{7}) err:\d{3} text:$")
RANK = {"sent": 0, "accepted": 1, "failed": 2, "expired": 2, "rejected": 2, "delivered_handset": 3}
STATUS: dict[str, Status] = {
    "ACCEPTD": "accepted", "ENROUTE": "accepted", "DELIVRD": "delivered_handset",
    "UNDELIV": "failed", "EXPIRED": "expired", "REJECTD": "rejected",
}  # fmt: skip
PERMANENT = {"030001": "recipient_unknown", "030009": "recipient_inactive", "03000b": "recipient_inactive"}


class Smpp(msgspec.Struct):
    source_addr: str
    destination_addr: str
    short_message: str
    tlvs: dict[str, str]

    @property
    def words(self) -> tuple[str, str, str]:
        """Id, submit date, stat."""
        found = TEXT.fullmatch(self.short_message)
        assert found, self.short_message
        return found[1], found[2], found[3]


Raw = list[tuple[Record, Smpp]]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(simulate(SCENARIO))


@pytest.fixture(scope="module")
def truth() -> Truth:
    return truth_of(SCENARIO)


def submits(records: list[Record]) -> list[Submit]:
    return [msgspec.json.decode(r.value, type=Submit) for r in records if r.topic == "submits"]


def engagements(records: list[Record]) -> list[Engagement]:
    return [msgspec.json.decode(r.value, type=Engagement) for r in records if r.topic == "engagements"]


@pytest.fixture(scope="module")
def raw(records: list[Record], truth: Truth) -> Raw:
    return receipts(records, truth)


def receipts(records: list[Record], truth: Truth) -> Raw:
    junk = set(truth.malformed)
    sound = [r for r in records if r.topic == "raw" and r.value not in junk]
    return [(r, msgspec.json.decode(r.value, type=Smpp)) for r in sound]


def test_same_seed_gives_the_same_records(records: list[Record]) -> None:
    assert list(simulate(SCENARIO)) == records


def test_another_seed_gives_other_messages(records: list[Record]) -> None:
    others = list(simulate(replace(SCENARIO, seed=8)))
    assert not {s.message_id for s in submits(others)} & {s.message_id for s in submits(records)}


def test_records_come_in_the_order_of_their_arrival(records: list[Record]) -> None:
    times = [r.timestamp_ms for r in records]
    assert times == sorted(times)


def test_every_message_is_submitted_once_within_the_span(records: list[Record]) -> None:
    sent = submits(records)
    assert len({s.message_id for s in sent}) == len(sent) == SCENARIO.messages
    assert START <= min(s.at for s in sent) <= max(s.at for s in sent) < START.replace(hour=12)


def test_nothing_of_a_message_arrives_before_it_was_sent(records: list[Record], raw: Raw) -> None:
    sent_ms = {s.message_id: events.epoch_ms(s.at) for s in submits(records)}
    assert all(record.timestamp_ms > sent_ms[smpp.words[0]] for record, smpp in raw)


def test_keys_bring_a_recipients_submits_and_engagements_together(records: list[Record]) -> None:
    for record in records:
        if record.topic == "raw":
            assert (record.key, record.provider) == (None, "smpp")
        else:
            assert (record.key, record.provider) == (events.key_of(events.decode(record.value)).encode(), "canonical")


def test_numbers_are_valid_mobile_numbers_of_their_country(records: list[Record]) -> None:
    for sent in submits(records)[:500]:
        number = phonenumbers.parse(sent.to)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE, sent.to
        assert phonenumbers.region_code_for_number(number) == sent.country


def test_some_recipients_get_several_messages(records: list[Record]) -> None:
    per_recipient = Counter(s.to for s in submits(records))
    assert 2 < SCENARIO.messages / len(per_recipient) < 4


def test_every_duplicate_equals_an_earlier_record(truth: Truth, raw: Raw) -> None:
    told = Counter(record.value for record, _ in raw)
    assert set(told.values()) == {1, 2}
    assert sum(told.values()) - len(told) == truth.counts["duplicates"]
    assert len(told) == truth.counts["receipts"]


def late_share(raw: Raw) -> float:
    """Of the duplicates, those that come more than an hour after the first."""
    first: dict[bytes, int] = {}
    after = [
        r.timestamp_ms - first[r.value] for r, _ in raw if first.setdefault(r.value, r.timestamp_ms) != r.timestamp_ms
    ]
    return sum(ms >= HOUR_MS for ms in after) / len(after)


def test_some_duplicates_come_hours_later_if_the_scenario_says_so(raw: Raw) -> None:
    assert late_share(raw) == 0
    late = replace(SCENARIO, retried_late_share=0.3)
    assert late_share(receipts(list(simulate(late)), truth_of(late))) == pytest.approx(0.3, abs=0.06)


def test_malformed_records_come_as_truth_lists_them(records: list[Record], truth: Truth, raw: Raw) -> None:
    junk = set(truth.malformed)
    assert [r.value for r in records if r.topic == "raw" and r.value in junk] == truth.malformed
    good = {(s.message_id, stat) for s in submits(records) for stat in STATUS}
    assert {(smpp.words[0], smpp.words[2]) for _, smpp in raw} <= good


def test_malformed_records_hold_no_id_and_no_stat(truth: Truth) -> None:
    assert len(set(truth.malformed)) > 5
    for value in truth.malformed:
        assert not re.search(rb"\b(id|stat|err|sub|dlvrd)\b", value.lower())


def test_totals_are_what_the_records_tell(records: list[Record], truth: Truth, raw: Raw) -> None:
    best: dict[str, Status] = defaultdict(lambda: "sent")
    for _, smpp in raw:
        message_id, _, stat = smpp.words
        best[message_id] = max(best[message_id], STATUS[stat], key=RANK.__getitem__)
    told = Counter((s.carrier, f"{s.at.hour:02d}", best[s.message_id]) for s in submits(records))
    assert told == truth.totals


def test_the_list_is_what_the_records_tell(records: list[Record], truth: Truth, raw: Raw) -> None:
    shown: dict[str, str] = {}
    for _, smpp in raw:
        if category := PERMANENT.get(smpp.tlvs.get("network_error_code", "")):
            assert shown.setdefault(f"sms:+{smpp.source_addr}", category) == category
    last = {f"sms:{e.to}": e.type for e in engagements(records) if e.type in {"stop", "start"}}
    shown |= {address: "stop" for address, kind in last.items() if kind == "stop"}
    assert shown == truth.suppressed


def test_a_number_fails_for_good_once_at_most(truth: Truth, raw: Raw) -> None:
    failed = Counter(
        smpp.source_addr
        for value, smpp in {record.value: smpp for record, smpp in raw}.items()
        if smpp.tlvs.get("network_error_code") in PERMANENT
    )
    assert set(failed.values()) == {1}
    assert sum(failed.values()) == truth.counts["permanent_failures"]


def test_a_failure_after_a_delivery_is_transient(truth: Truth, raw: Raw) -> None:
    told: dict[str, dict[str, Smpp]] = defaultdict(dict)
    for _, smpp in raw:
        told[smpp.words[0]][smpp.words[2]] = smpp
    late = [stats["UNDELIV"] for stats in told.values() if {"DELIVRD", "UNDELIV"} <= set(stats)]
    assert len(late) == truth.counts["contradictions"] > 0
    assert not {smpp.tlvs["network_error_code"] for smpp in late} & set(PERMANENT)
    assert max(map(len, told.values())) == 3


def test_receipts_overtake_each_other_and_their_submits(records: list[Record], truth: Truth, raw: Raw) -> None:
    submitted_ms = {msgspec.json.decode(r.value)["message_id"]: r.timestamp_ms for r in records if r.topic == "submits"}
    first: dict[tuple[str, str], int] = {}
    for record, smpp in raw:
        first.setdefault((smpp.words[0], smpp.words[2]), record.timestamp_ms)
    overtook_submit = {i for (i, _), time in first.items() if time < submitted_ms[i]}
    overtook_acceptd = {
        i for (i, stat), time in first.items() if stat == "DELIVRD" and time < first.get((i, "ACCEPTD"), 0)
    }
    assert overtook_submit
    assert overtook_acceptd
    assert len(overtook_submit | overtook_acceptd) <= truth.counts["out_of_order"]


def test_a_bad_scenario_is_refused() -> None:
    overlapping = (Carrier("20801", "FR", "+336", digits=8), Carrier("20810", "FR", "+3361"))
    for change in (
        {"stop_share": 1.1},
        {"start": START.replace(tzinfo=None)},
        {"span_hours": 0},
        {"span_hours": 24 * 29},
        {"messages": -1},
        {"carriers": ()},
        {"carriers": (Carrier("20801", "FR", "+336", digits=4),)},
        {"carriers": (Carrier("20801", "FR", "+3367", failure_rate=2),)},
        {"carriers": overlapping},
    ):
        with pytest.raises(BadSettings):
            replace(SCENARIO, **change)
