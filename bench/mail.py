"""Bounce mails to receipts on one core, against the standard library's parser alone on the same mails."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from statistics import median

from acquit.pipeline import read
from acquit.rules import load
from tests.decode.samples import ARRIVED, samples

TARGET_PER_SECOND = 800
SECONDS = 1.0


@dataclass(frozen=True)
class MailRate:
    """Mails per second and core in each round: read, normalised and explained; and the parser's alone."""

    mails: int
    mean_bytes: int
    per_second: list[float]
    parser_per_second: list[float]


def measure(rounds: int) -> MailRate:
    rules = load()
    mails = [sample for sample in samples() if sample.provider in {"dsn", "arf"} and not sample.is_refused]
    found = MailRate(len(mails), sum(len(mail.body) for mail in mails) // len(mails), [], [])
    for _ in range(rounds):
        found.per_second.append(_per_second([
            lambda mail=mail: read(mail.provider, mail.body, mail.context, received_at=ARRIVED, origin=None, rules=rules)  # type: ignore[misc]
            for mail in mails
        ]))  # fmt: skip
        found.parser_per_second.append(_per_second([lambda mail=mail: message_from_bytes(mail.body) for mail in mails]))  # type: ignore[misc]
    return found


def _per_second(works: Sequence[Callable[[], object]]) -> float:
    """Of CPU time."""
    done, begun = 0, time.process_time()
    while (seconds := time.process_time() - begun) < SECONDS:
        for work in works:
            work()
        done += len(works)
    return done / seconds


def told(rate: MailRate) -> str:
    ours, parser = median(rate.per_second), median(rate.parser_per_second)
    verdict = "met" if ours >= TARGET_PER_SECOND else "MISSED"
    return (
        f"bounce mails of {rate.mean_bytes:,} bytes: {ours:,.0f}/s a core (target {TARGET_PER_SECOND}: {verdict}), "
        f"the standard parser alone {parser:,.0f}/s"
    )
