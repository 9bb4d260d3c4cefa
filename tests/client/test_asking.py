"""The questions of one call: which keys go out, in which commands, and what their values mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from acquit.client.answers import Answer, Entry
from acquit.client.asking import PAGE_KEYS, ROUND_KEYS, Asking, Page, Terms
from acquit.client.cache import Cache
from acquit.client.slots import grouped, in_order
from acquit.errors import AcquitError
from acquit.suppression.keys import entry_key, hashed

PARIS = "+33612345678"
WHO = f"sms:{PARIS}"
ERASE_KEY = b"a key of a test that has 32 bytes or more"
STOP = b"stop|1795338000|engagement:stop"
SINCE = datetime(2026, 11, 22, 9, tzinfo=UTC)
RECIPIENTS = [("sms", f"+336{number:08d}") for number in range(10_000)]


def terms(**fields: Any) -> Terms:
    return Terms(**{"open_streams": frozenset({"otp"}), "erase_key": None, "cache": Cache(0, 0), **fields})


def asking(*recipients: tuple[str, str], of: Terms | None = None, **fields: Any) -> Asking:
    return Asking(of or terms(), recipients, **{"account": None, "stream": None, **fields})


def answered(ask: Asking, there: Mapping[str, bytes], *, is_ready: bool = True, now: float = 0.0) -> list[Answer]:
    for pages in ask.rounds(now):
        ask.take(pages, [(is_ready, [there.get(key.decode()) for key in page.keys]) for page in pages], now)
    return ask.answers()


def pages_of(ask: Asking) -> list[Page]:
    return [page for pages in ask.rounds(0.0) for page in pages]


def test_who_is_not_on_the_list_may_be_sent_to() -> None:
    assert answered(asking(("sms", PARIS)), {}) == [Answer(may_send=True)]


def test_entry_says_name_scope_reason_time_and_rule() -> None:
    [answer] = answered(asking(("sms", "0033 6 12 34 56 78"), stream="news"), {entry_key(WHO, "*:news"): STOP})
    assert answer == Answer(may_send=False, entries=[Entry(WHO, "*:news", "stop", SINCE, "engagement:stop")])


def test_answers_come_in_the_order_of_the_question() -> None:
    people = [("sms", PARIS), ("sms", "no number"), ("email", "jo@example.com"), ("sms", PARIS)]
    answers = answered(asking(*people), {entry_key(WHO, "*"): STOP})
    assert [answer.may_send for answer in answers] == [False, False, True, False]
    assert [answer.trouble for answer in answers] == [None, "no_address", None, None]


def test_recipient_that_is_named_twice_is_asked_once() -> None:
    [page] = pages_of(asking(("sms", PARIS), ("sms", "33612345678"), ("sms", PARIS)))
    assert page.keys == [entry_key(WHO, "*").encode()]


def test_no_address_is_not_asked_and_may_not_be_sent_to_whatever_the_stream() -> None:
    ask = asking(("sms", "12"), stream="otp")
    assert not pages_of(ask)
    assert ask.answers() == [Answer(may_send=False, trouble="no_address")]


def test_channel_that_is_none_is_the_senders_mistake_and_told_without_the_address() -> None:
    with pytest.raises(AcquitError, match="channel must be one of sms, whatsapp, rcs, email") as raised:
        asking(("fax", PARIS))
    assert PARIS not in str(raised.value)


def test_with_the_key_of_hashes_who_was_erased_is_found() -> None:
    name = hashed(WHO, ERASE_KEY)
    ask = asking(("sms", PARIS), of=terms(erase_key=ERASE_KEY), account="acme")
    there = {entry_key(name, "acct:acme"): b"erased|1795338000|command"}
    [answer] = answered(ask, there)
    assert [(entry.recipient, entry.scope, entry.reason) for entry in answer.entries] == [(name, "acct:acme", "erased")]
    assert not answer.may_send


@pytest.mark.parametrize(("erase_key", "keys_each"), [(None, 4), (ERASE_KEY, 8)])
def test_ten_thousand_are_asked_by_few_commands_none_of_them_long(erase_key: bytes | None, keys_each: int) -> None:
    rounds = list(asking(*RECIPIENTS, of=terms(erase_key=erase_key), account="a", stream="s").rounds(0.0))
    assert len(rounds) == len(RECIPIENTS) * keys_each / ROUND_KEYS
    assert {len(page.keys) for pages in rounds for page in pages} == {PAGE_KEYS}
    assert {recipient for pages in rounds for page in pages for recipient in page.recipients} == {
        f"{channel}:{address}" for channel, address in RECIPIENTS
    }


@pytest.mark.parametrize(
    ("stream", "there", "may_send"),
    [
        ("otp", {}, True),
        ("news", {}, False),
        (None, {}, False),
        ("otp", {entry_key(WHO, "*"): STOP}, False),  # what the list forbids it forbids, ready or not
    ],
)
def test_list_that_is_not_ready_is_decided_by_the_stream(
    stream: str | None, there: dict[str, bytes], may_send: bool
) -> None:
    [answer] = answered(asking(("sms", PARIS), stream=stream), there, is_ready=False)
    assert (answer.may_send, answer.trouble) == (may_send, "not_ready")


@pytest.mark.parametrize(("stream", "may_send"), [("otp", True), ("news", False)])
def test_no_answer_is_decided_by_the_stream_and_names_the_error_alone(stream: str, may_send: bool) -> None:
    error = ConnectionError(f"Command # 1 (MGET {entry_key(WHO, '*')}) caused error")
    assert asking(("sms", PARIS), stream=stream).answers(error) == [
        Answer(may_send=may_send, trouble="no_answer", error="ConnectionError")
    ]


def test_page_that_was_not_ready_says_nothing_of_the_others() -> None:
    ask = asking(*RECIPIENTS[: 2 * PAGE_KEYS])
    [[first, second]] = ask.rounds(0.0)
    ask.take([first, second], [(True, [None] * PAGE_KEYS), (False, [None] * PAGE_KEYS)], 0.0)
    assert [answer.trouble for answer in ask.answers()] == [None] * PAGE_KEYS + ["not_ready"] * PAGE_KEYS


def test_fresh_answer_is_not_asked_again_but_for_other_scopes() -> None:
    of = terms(cache=Cache(5, 10))
    answered(asking(("sms", PARIS), of=of), {entry_key(WHO, "*"): STOP})
    again = asking(("sms", PARIS), of=of)
    assert not pages_of(again)
    assert not again.answers()[0].may_send
    assert pages_of(asking(("sms", PARIS), of=of, account="acme"))


def test_answer_is_fresh_from_the_moment_of_the_question() -> None:
    of = terms(cache=Cache(5, 10))
    answered(asking(("sms", PARIS), of=of), {}, now=100.0)
    assert not list(asking(("sms", PARIS), of=of).rounds(104.9))
    assert list(asking(("sms", PARIS), of=of).rounds(105.0))


def test_what_a_list_said_that_was_not_ready_is_not_kept() -> None:
    of = terms(cache=Cache(5, 10))
    answered(asking(("sms", PARIS), of=of), {}, is_ready=False)
    assert pages_of(asking(("sms", PARIS), of=of))


def test_keys_of_a_recipient_are_in_one_slot_and_values_come_back_in_their_order() -> None:
    keys = [key for page in pages_of(asking(*RECIPIENTS[:500], account="a", stream="s")) for key in page.keys]
    groups = grouped(keys)
    assert len(groups) <= 500
    assert all(len(places) % 4 == 0 for places in groups)
    assert in_order(groups, [[keys[place] for place in places] for places in groups]) == keys
