"""The first half of the path: any record becomes events in the recipients' log, or one dead letter."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from acquit import events
from acquit.decode import DECODERS, Context, Decoded
from acquit.effects import Append, DeadLetter, Header
from acquit.envelope import Source
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from acquit.events import Command, Event, Ignored, Receipt, Reply, Verdict, decode_logged, encode, from_epoch_ms
from acquit.partition import Partition
from acquit.pipeline import ONLY, ONLY_LIMIT, only_of, take_in
from acquit.worker.dead_letters import ATTEMPTS, read_letter, sent_back
from tests.builders import Read, shipped_rules

RULES = shipped_rules()
ARRIVED_MS = 1_795_338_005_000  # 2026-11-22T09:00:05Z
SMPP = "id:1 sub:001 dlvrd:000 submit date:2611220900 done date:2611220900 stat:UNDELIV err:001 text:{}"
SECRET = "Your code is 8080"


def raw(value: bytes | None, headers: Sequence[tuple[str, bytes]] = (), timestamp: int = ARRIVED_MS) -> Read:
    return Read(41, timestamp, value, key=b"\xff key", topic="raw", partition=3, headers=headers)


def taken(record: Read, source: Source) -> list[Append] | DeadLetter:
    """What a record became: one dead letter if nothing of it could be read."""
    found = take_in(record, source, rules=RULES, max_bytes=100_000)
    if len(found) == 1 and isinstance(found[0], DeadLetter):
        return found[0]
    return [effect for effect in found if isinstance(effect, Append)]


def canonical(**fields: Any) -> bytes:
    receipt = {
        "kind": "receipt", "provider": "infobip", "message_id": "m1", "to": "+33612345678", "channel": "sms",
        "at": "2026-11-22T09:00:04Z", "status": "failed",
    }  # fmt: skip
    return json.dumps({**receipt, **fields}).encode()


def submit(**fields: Any) -> bytes:
    return canonical(**{"kind": "submit", "status": None, **fields})


def command(**fields: Any) -> bytes:
    return canonical(**{"kind": "command", "name": "restore", "by": "jo", "reason": "asked", **fields})


def enveloped(received_at: str) -> bytes:
    return json.dumps({"provider": "smpp", "payload": "id:1 stat:DELIVRD", "received_at": received_at}).encode()


def one(value: bytes, source: Source | None = None) -> tuple[Append, Event]:
    appends = taken(raw(value), source or Source("canonical"))
    assert isinstance(appends, list), appends
    [append] = appends
    return append, events.decode(append.value)


def letter(record: Read, source: Source | None = None) -> DeadLetter:
    refused = taken(record, source or Source("canonical"))
    assert isinstance(refused, DeadLetter)
    return refused


UNREADABLE: list[tuple[str, Read, Source]] = [
    ("undecodable", raw(b"\xff\xfe"), Source("canonical")),
    ("undecodable", raw(b'{"kind":'), Source("canonical")),
    ("undecodable", raw(b"Hello there"), Source("smpp")),
    ("undecodable", raw(b'{"x":' + b"[" * 50_000), Source("canonical")),
    ("wrong_type", raw(b"17"), Source("canonical")),
    ("wrong_type", raw(canonical(to=33612345678)), Source("canonical")),
    ("wrong_type", raw(canonical(at="2026-11-22T09:00:04")), Source("canonical")),  # naive: which zone?
    ("wrong_type", raw(canonical(at="yesterday")), Source("canonical")),
    ("wrong_type", raw(canonical(at=True)), Source("canonical")),
    ("missing_field", raw(b"{}"), Source("canonical")),
    ("missing_field", raw(b'{"kind":"receipt"}'), Source("canonical")),
    ("missing_field", raw(canonical(to=None, message_id=None)), Source("canonical")),
    ("missing_field", raw(b"stat:DELIVRD"), Source("smpp")),  # of which message, to whom?
    ("absurd_value", raw(canonical(at="1999-12-31T23:59:59Z")), Source("canonical")),
    ("absurd_value", raw(canonical(at="2026-11-23T09:00:06Z")), Source("canonical")),  # a day and a second ahead
    ("absurd_value", raw(canonical(at="0001-01-01T00:00:00+23:59")), Source("canonical")),
    ("absurd_value", raw(canonical(at=-1)), Source("canonical")),
    ("absurd_value", raw(canonical(at=10**18)), Source("canonical")),  # nanoseconds
    ("absurd_value", raw(canonical(status="lost")), Source("canonical")),
    ("absurd_value", raw(canonical(to="36173")), Source("canonical")),
    ("absurd_value", raw(canonical(message_id="")), Source("canonical")),
    ("absurd_value", raw(canonical(message_id="m" * 513)), Source("canonical")),
    ("absurd_value", raw(submit(price=-0.01)), Source("canonical")),
    ("absurd_value", raw(submit(segments=10**9)), Source("canonical")),
    ("absurd_value", raw(command()), Source("canonical")),  # whoever writes receipts may not lift an opt-out
    ("absurd_value", raw(b"[%b]" % command()), Source("canonical")),
    # a receipt without a time of its own gets that of its arrival, and all other times are measured by it
    ("absurd_value", raw(enveloped("1999-12-31T23:59:59Z")), Source()),
    ("absurd_value", raw(enveloped("2026-11-23T09:00:06Z")), Source()),
    ("absurd_value", raw(enveloped("0001-01-01T00:00:00+23:59")), Source()),
    ("absurd_value", raw(enveloped("9999-12-31T23:59:59-23:59")), Source()),
    # a producer may stamp microseconds, or anything
    ("absurd_value", raw(b"id:1 stat:DELIVRD", timestamp=ARRIVED_MS * 1000), Source("smpp")),
    ("absurd_value", raw(b"id:1 stat:DELIVRD", timestamp=2**63 - 1), Source("smpp")),
    ("absurd_value", raw(b"id:1 stat:DELIVRD", timestamp=-(2**62)), Source("smpp")),
    ("absurd_value", raw(b"id:1 stat:DELIVRD", timestamp=-1), Source("smpp")),  # Kafka's word for none
    ("too_large", raw(b"x" * 100_001), Source("smpp")),
    ("empty", raw(b""), Source("smpp")),
    ("empty", raw(None), Source("smpp")),
    ("unmapped", raw(canonical()), Source()),
    ("unknown_provider", raw(canonical(), (("provider", b"pigeon"),)), Source("canonical")),
]


@pytest.mark.parametrize(("reason", "record", "source"), UNREADABLE)
def test_record_that_cannot_be_read_becomes_one_dead_letter_as_it_came(
    reason: str, record: Read, source: Source
) -> None:
    refused = letter(record, source)
    assert (refused.reason, refused.value, refused.key) == (reason, record.value, record.key)


def test_every_reason_has_its_record() -> None:
    assert {reason for reason, _, _ in UNREADABLE} == set(UNDECODABLE_REASONS)


def test_dead_letter_says_why_and_where_from() -> None:
    refused = letter(raw(canonical(status="lost")))
    assert dict(refused.headers) == {
        "acquit.errors.reason": b"absurd_value",
        "acquit.errors.detail": b"$.status: no word of its closed list",
        "acquit.errors.topic": b"raw",
        "acquit.errors.partition": b"3",
        "acquit.errors.offset": b"41",
        "acquit.errors.timestamp": b"1795338005000",
    }


def test_dead_letter_keeps_the_headers_of_its_record() -> None:
    headers = (("trace", b"\xff"), ("provider", b"smpp"), ("trace", b"2"))
    assert list(letter(raw(b"Hello", headers)).headers[:3]) == list(headers)


def test_dead_letter_that_is_read_again_in_vain_says_so_once() -> None:
    first = letter(raw(b"Hello"))
    again = letter(replace(raw(b"Hello", first.headers), offset=99))
    assert [name for name, _ in again.headers] == [name for name, _ in first.headers]
    assert dict(again.headers)["acquit.errors.offset"] == b"99"


def test_dead_letter_of_nobody_is_counted_as_unknown() -> None:
    assert letter(raw(b"Hello"), Source()).provider == "unknown"
    assert letter(raw(b"Hello"), Source("smpp")).provider == "smpp"


@pytest.mark.parametrize(
    "value", [canonical(to="36173"), canonical(status="+33612345678"), canonical(at="+33612345678")]
)
def test_dead_letter_never_tells_an_address_in_its_headers(value: bytes) -> None:
    told = b" ".join(value for _, value in letter(raw(value)).headers)
    assert b"36173" not in told
    assert b"33612345678" not in told


def test_event_is_keyed_by_its_recipient() -> None:
    assert one(canonical(to="0033612345678"))[0].key == b"sms:+33612345678"
    assert one(canonical(channel="email", to="Jo@Example.com"))[0].key == b"email:jo@example.com"


def test_event_without_a_recipient_is_keyed_by_its_message() -> None:
    assert one(canonical(to=None))[0].key == b"infobip/m1"


@pytest.mark.parametrize("value", [canonical(), canonical(src=["forged", 1, 2, 3])])
def test_event_carries_where_it_comes_from(value: bytes) -> None:
    assert one(value)[1].src == ("raw", 3, 41, 0)


def test_topic_made_anew_has_a_new_name() -> None:
    assert one(canonical(), Source("canonical", epoch=2))[1].src == ("raw#2", 3, 41, 0)


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ("2026-11-22T09:00:04Z", "2026-11-22T09:00:04+00:00"),
        ("2026-11-22T10:00:04.250+01:00", "2026-11-22T09:00:04.250000+00:00"),
        (1_795_338_004_000, "2026-11-22T09:00:04+00:00"),  # epoch milliseconds
        (1_795_338_004_000.5, "2026-11-22T09:00:04.000500+00:00"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00+00:00"),
        ("2026-11-23T09:00:05Z", "2026-11-23T09:00:05+00:00"),  # a day ahead and not more
    ],
)
def test_time_is_rfc_3339_or_epoch_milliseconds(at: str | float, read: str) -> None:
    assert one(canonical(at=at))[1].at.isoformat() == read


def test_command_is_taken_from_the_topic_of_commands() -> None:
    assert isinstance(one(command(), Source("canonical", takes_commands=True))[1], Command)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (canonical(text=SECRET, body={"text": SECRET}), Source("canonical")),
        (canonical(said={"status": "DELIVERED", "body": SECRET}), Source("canonical")),
        (SMPP.format(SECRET).encode(), Source("smpp")),
        (json.dumps({"source_addr": "33612345678", "short_message": SMPP.format(SECRET)}).encode(), Source("smpp")),
        (json.dumps({"provider": "smpp", "payload": SMPP.format(SECRET), "text": SECRET}).encode(), Source()),
    ],
)
def test_message_text_never_reaches_the_log(value: bytes, source: Source) -> None:
    assert SECRET.encode() not in one(value, source)[0].value


def test_report_is_explained_by_the_table_of_its_route() -> None:
    context = {"to": "33612345678", "route": "aggr-a", "err_dictionary": "gsm-map"}
    value = json.dumps({"provider": "smpp", "payload": SMPP.format(""), "context": context}).encode()
    append, event = one(value, Source())
    assert append.key == b"sms:+33612345678"
    assert isinstance(event, Receipt)
    assert (event.status, event.category, event.permanence) == ("failed", "recipient_unknown", "permanent")
    assert (event.rule, event.route, event.ruleset) == ("gsm-map:code:1", "aggr-a", RULES.version)
    assert (event.said.status, event.said.code) == ("UNDELIV", "1")
    assert event.received_at == from_epoch_ms(ARRIVED_MS)


# A body of several events. What a replay sends is what a letter becomes and is read from, as on Kafka.

GOOD, BAD = {"event": "delivered"}, {"event": "delivered", "timestamp": "yesterday"}
CLICK, OPENED = {"event": "click", "timestamp": 1_795_338_001}, {"event": "open", "sg_machine_open": True}
MAIL = Source("sendgrid")


def mails(*told: dict[str, Any], headers: Sequence[Header] = ()) -> Read:
    """SendGrid's array, of one mail to one person an event."""
    named = [{"email": f"p{n}@example.org", "sg_message_id": f"m{n}", **one} for n, one in enumerate(told)]
    return raw(json.dumps(named).encode(), headers)


def parted(record: Read, source: Source = MAIL) -> tuple[list[int], list[str], DeadLetter | None]:
    """What a record became: the places of the events taken, the kinds of those ignored, and a letter for the others."""
    found = take_in(record, source, rules=RULES, max_bytes=100_000)
    letters = [one for one in found if isinstance(one, DeadLetter)]
    assert len(letters) < 2
    sources = [events.decode(one.value).src for one in found if isinstance(one, Append)]
    return (
        [src[3] for src in sources if src],
        [one.kind for one in found if isinstance(one, Ignored)],
        letters[0] if letters else None,
    )


def only(letter: DeadLetter | None) -> bytes | None:
    assert letter is not None
    return dict(letter.headers).get(ONLY)


def replayed(letter: DeadLetter | None) -> Read:
    """The record that `acquit dead-letters replay` sends for this letter."""
    assert letter is not None
    lying = Read(7, ARRIVED_MS, letter.value, letter.key, "acquit.dead-letters", 0, tuple(letter.headers))
    sent = sent_back(read_letter(lying), 3)
    return Read(99, ARRIVED_MS, sent.value, sent.key, sent.topic, sent.partition, tuple(sent.headers))


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decoder of a later version, which reads such times as none."""
    was = DECODERS["sendgrid"]

    def decode(body: bytes, context: Context) -> Iterable[Decoded]:
        return was(body.replace(b"yesterday", b""), context)

    monkeypatch.setitem(DECODERS, "sendgrid", decode)


def yielding(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """A decoder of another version: of each letter it yields a reply (r), nothing of news (i) or what cannot be read (x)."""

    def decode(_body: bytes, _context: Context) -> Iterator[Decoded]:
        for place, letter in enumerate(word):
            if letter == "r":
                yield Reply("sendgrid", "email", to=f"p{place}@example.org", says="click")
            else:
                yield Ignored("sendgrid", f"{place}") if letter == "i" else Undecodable("wrong_type", "$: is none")

    monkeypatch.setitem(DECODERS, "sendgrid", decode)


def test_event_that_cannot_be_read_costs_its_neighbours_nothing() -> None:
    record = mails(GOOD, BAD, CLICK, BAD, OPENED)
    places, ignored, refused = parted(record)
    assert (places, ignored, only(refused)) == ([0, 2], ["machine open"], b"1,3/5")
    assert refused is not None
    assert (refused.value, refused.key, refused.reason) == (record.value, record.key, "absurd_value")
    assert dict(refused.headers)["acquit.errors.detail"] == b"$[1].timestamp: is no time of a known form"


def test_replay_in_vain_takes_nothing_and_waits_for_the_same_places() -> None:
    _, _, refused = parted(mails(GOOD, BAD, CLICK, BAD, OPENED))
    for attempt in (b"1", b"2"):
        again = replayed(refused)
        assert dict(again.headers)[ATTEMPTS] == attempt
        places, ignored, refused = parted(again)
        assert (places, ignored, only(refused)) == ([], [], b"1,3/5")
        assert refused is not None
        assert refused.value == again.value


def test_replay_takes_what_was_refused_and_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    places, _, refused = parted(mails(GOOD, BAD, CLICK, BAD, OPENED))
    mend(monkeypatch)
    assert (places, parted(replayed(refused))) == ([0, 2], ([1, 3], [], None))


def test_replay_that_takes_some_waits_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    yielding(monkeypatch, "rxxrxi")
    places, ignored, refused = parted(raw(b"body"))
    assert (places, ignored, only(refused)) == ([0, 3], ["5"], b"1,2,4/6")
    yielding(monkeypatch, "rrxrii")
    places, ignored, refused = parted(replayed(refused))
    assert (places, ignored, only(refused)) == ([1], ["4"], b"2/6")
    yielding(monkeypatch, "rrrrri")
    assert parted(replayed(refused)) == ([2], [], None)


@pytest.mark.parametrize("told", [[BAD], [BAD, BAD]])
def test_record_of_which_nothing_was_taken_waits_as_a_whole(told: list[dict[str, Any]]) -> None:
    places, ignored, refused = parted(mails(*told))
    assert (places, ignored, only(refused)) == ([], [], None)


def test_command_among_receipts_is_refused_alone() -> None:
    places, _, refused = parted(raw(b"[%b,%b]" % (canonical(), command())), Source("canonical"))
    assert (places, only(refused)) == ([0], b"1/2")


@pytest.mark.parametrize(
    ("before", "after", "places", "waits"),
    [
        ("xr", "rrrr", [0, 1, 2], None),  # one that could not be read proves to be three
        ("rxr", "rrrr", [1, 2], None),
        ("rxxr", "rrxrr", [1, 3], b"2/5"),  # which of the two were they? All that is between the taken ones
        ("rx", "rrx", [1], b"2/3"),
        ("rxxxr", "rrr", [1], None),
        # nobody can tell: it is refused again, and waits for what it waited for
        ("rxrx", "rrrrr", [], b"1,3/4"),
        ("rxrxr", "rrrr", [], b"1,3/5"),
        ("rx", "r", [], b"1/2"),
        ("rx", "", [], b"1/2"),
        ("rxr", "rr", [], b"1/3"),
    ],
)
def test_decoder_of_another_version_yields_another_number(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, places: list[int], waits: bytes | None
) -> None:
    yielding(monkeypatch, before)
    _, _, refused = parted(raw(b"body"))
    yielding(monkeypatch, after)
    taken_now, _, refused = parted(replayed(refused))
    assert taken_now == places
    assert (only(refused) if refused else None) == waits


def test_replay_that_is_refused_as_a_whole_waits_for_the_same_places() -> None:
    _, _, refused = parted(mails(GOOD, BAD))
    _, _, again = parted(replayed(refused), Source())
    assert again is not None
    assert (again.reason, only(again)) == ("unmapped", b"1/2")


JUNK = [
    b"", b"/", b",", b"1", b"0,1", b"x/2", b"1,x/2", b"1/x", b"-1/2", b" 1/2", b"1/2 ", b"1,/2", b"1,1/2", b"1,0/3",
    b"\xff/2", "\u0661/2".encode(), b"9" * 5_000 + b"/2", b"1/" + b"9" * 5_000, b",".join([b"1"] * 9_000) + b"/2",
    b"2/2", b"7/2", b"0,1/2", b"0/1", b"0/0",
]  # fmt: skip


@pytest.mark.parametrize("said", JUNK)
def test_header_that_is_none_of_ours_takes_nothing_away(said: bytes) -> None:
    assert only_of([(ONLY, said)]) is None
    assert parted(mails(GOOD, CLICK, headers=[(ONLY, said)]))[0] == [0, 1]
    assert parted(mails(GOOD, headers=[(ONLY, said)]))[0] == [0]
    assert parted(raw(canonical(), [(ONLY, said)]), Source("canonical"))[0] == [0]


def test_header_without_a_value_is_none_of_ours() -> None:
    nothing: Any = None  # as Kafka may have it, whatever aiokafka's types say
    assert parted(mails(GOOD, CLICK, headers=[(ONLY, nothing)]))[0] == [0, 1]


def test_header_on_a_record_of_one_event_that_waited_for_another_is_refused_and_kept() -> None:
    places, _, refused = parted(raw(canonical(), [(ONLY, b"1/2")]), Source("canonical"))
    assert (places, only(refused)) == ([], b"1/2")


def test_header_of_a_letter_takes_the_place_of_junk() -> None:
    _, _, refused = parted(mails(GOOD, BAD, headers=[(ONLY, b"junk"), (ONLY, b"0/2")]))
    assert refused is not None
    assert [value for name, value in refused.headers if name == ONLY] == [b"1/2"]


@pytest.mark.parametrize(("bad", "waits"), [(ONLY_LIMIT, True), (ONLY_LIMIT + 1, False)])
def test_body_with_more_that_cannot_be_read_than_a_header_holds_is_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, bad: int, waits: bool
) -> None:
    yielding(monkeypatch, "r" + "x" * bad)
    places, _, refused = parted(raw(b"body"))
    assert (places, only(refused) is not None) == ([0] if waits else [], waits)
    assert refused is not None
    assert sum(len(value) for _, value in refused.headers) < 10_000, "it fits beside the record"
    yielding(monkeypatch, "r" + "r" * bad)
    assert parted(replayed(refused))[0] == list(range(int(waits), bad + 1))


_LATER = st.lists(st.sampled_from("rix"), min_size=1, max_size=6)


@given(_LATER, st.data())
def test_replays_take_every_event_once_whatever_is_mended_between(word: list[str], data: st.DataObject) -> None:
    """Nothing is lost, nothing is taken twice: of what a decoder read before, it says the same later."""
    with pytest.MonkeyPatch.context() as patch:
        record, done = raw(b"body"), list[str]()
        for attempt in range(4):
            yielding(patch, "".join(word))
            places, ignored, refused = parted(record)
            done += [*map(str, places), *ignored]
            if refused is None:
                break
            record = replayed(refused)
            word = [data.draw(st.sampled_from("rix" if attempt < 2 else "ri")) if one == "x" else one for one in word]
    assert sorted(done) == sorted(map(str, range(len(word))))


# Whatever comes: bytes, JSON that is nearly right, envelopes around both.
_WILD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just([]) | st.just({})
)
_TIMES = st.sampled_from(
    ["2026-11-22T09:00:04Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z", 0, 1e12]
)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["receipt", "submit", "engagement", "command"]) | _WILD,
        "channel": st.sampled_from(events.CHANNELS) | _WILD,
        "to": st.sampled_from(["+33612345678", "jo@example.com", "36173"]) | _WILD,
        "at": _TIMES | _WILD,
        "until": _TIMES | _WILD,
        "submitted_at": _TIMES | _WILD,
        "received_at": _TIMES | _WILD,
        "ported_at": _TIMES | _WILD,
        "status": st.sampled_from(events.STATUSES) | _WILD,
        "category": st.sampled_from(events.CATEGORIES) | _WILD,
        "permanence": st.sampled_from(events.PERMANENCES) | _WILD,
        "type": st.sampled_from(events.ENGAGEMENTS) | _WILD,
        "name": st.sampled_from(["add", "restore", "erase"]) | _WILD,
        "by": _WILD,
        "reason": _WILD,
        "segments": _WILD,
        "price": _WILD,
        "said": _WILD | st.dictionaries(st.sampled_from(["status", "code", "text"]), _WILD),
    },
)
_NEARLY = _FIELDS.map(lambda fields: json.loads(canonical()) | {"by": "jo", "reason": "x"} | fields)
_TEXTS = st.lists(
    st.sampled_from(["id:", "stat:", "err:", "text:", "done date:", " ", "1", "UNDELIV", "2302231414", "\0"])
    | st.text(max_size=8)
).map("".join)
_PDUS = st.fixed_dictionaries({"source_addr": st.just("33612345678") | _WILD, "short_message": _TEXTS | _WILD})
_PAYLOADS = _NEARLY | _TEXTS | _PDUS | _WILD
_ENVELOPES = st.fixed_dictionaries(
    {"provider": st.sampled_from(["smpp", "canonical", "pigeon"]) | _WILD, "payload": _PAYLOADS},
    optional={
        "received_at": _TIMES | _WILD,
        "context": _WILD
        | st.dictionaries(st.sampled_from(["to", "route", "channel", "zone", "err_dictionary", "carrier"]), _WILD),
    },
)
_VALUES = (
    st.none()
    | st.binary(max_size=200)
    | st.builds(lambda junk: b'{"provider":"smpp","payload":"' + junk + b'"}', st.binary(max_size=20))
    | _TEXTS.map(str.encode)
    | (_ENVELOPES | _PAYLOADS).map(lambda value: json.dumps(value).encode())
)
_RECORDS = st.builds(
    raw,
    _VALUES,
    st.lists(st.tuples(st.sampled_from(["provider", "trace"]), st.sampled_from([b"", b"smpp", b"\xff"]))).map(tuple),
    st.just(ARRIVED_MS) | st.integers(0, 4_102_444_800_000),
)
_SOURCES = st.builds(Source, st.sampled_from(["", "canonical", "smpp"]), st.booleans())


@given(_RECORDS, _SOURCES)
@example(raw(b'{"provider":"smpp","payload":"\xff"}'), Source())
@example(raw(canonical(at="0001-01-01T00:00:00+23:59")), Source("canonical"))
def test_any_record_becomes_events_or_a_dead_letter(record: Read, source: Source) -> None:
    match taken(record, source):
        case DeadLetter() as refused:
            assert (refused.value, refused.key) == (record.value, record.key)
            assert refused.reason in UNDECODABLE_REASONS
        case appends:
            assert all(events.encode(events.decode(append.value)) == append.value for append in appends)


@given(_RECORDS, _SOURCES)
@example(raw(command(name="add", until="9999-12-31T23:59:59-23:59")), Source("canonical", takes_commands=True))
def test_whatever_intake_lets_through_the_ledger_can_fold(record: Read, source: Source) -> None:
    appends = taken(record, source)
    if isinstance(appends, list):
        partition = Partition(0, rules=RULES, zone="UTC", window_hours=72, tally_seconds=0)
        effects = partition.fold(
            replace(record, key=append.key, value=append.value, headers=(), offset=offset)
            for offset, append in enumerate(appends)
        )
        assert not any(isinstance(effect, DeadLetter) for effect in effects)


def test_verdict_of_the_routes_agent_is_copied_into_the_partition_that_it_names() -> None:
    said = Verdict("contradicted", from_epoch_ms(ARRIVED_MS), "aggr-a", "aggr", "20801", 7)
    [copied] = take_in(raw(encode(said)), Source("canonical", takes_commands=True), rules=RULES, max_bytes=10_000)
    assert isinstance(copied, Append)
    assert (copied.partition, decode_logged(copied.value)) == (7, said)


def test_verdict_from_any_other_topic_is_refused() -> None:
    said = Verdict("clean", from_epoch_ms(ARRIVED_MS), "aggr-a")
    [letter] = take_in(raw(encode(said)), Source("canonical"), rules=RULES, max_bytes=10_000)
    assert isinstance(letter, DeadLetter)
