"""Provider payloads to receipts: decoded, normalised and explained, against `orjson.loads` and reading ten fields of the same.

Every provider's own samples that hold a report, in turn; per receipt, so that a body of several counts as several. Of a
form the comparison reads the same fields as JSON. One core, no I/O; both sides run in turn in the same process.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import parse_qsl

import orjson

from acquit.decode import DECODERS
from acquit.events import Receipt
from acquit.pipeline import read
from acquit.rules import Rules, load
from tests.decode.samples import ARRIVED, Sample, samples

SECONDS = 0.15


@dataclass(frozen=True)
class Rate:
    """Receipts per second and core of one provider, of the comparison, and their ratio in each round."""

    provider: str
    is_json: bool
    per_second: float
    bare_per_second: float
    ratios: list[float]


def measure(rounds: int) -> list[Rate]:
    rules = load()
    found = [_rate(provider, rules, rounds) for provider in DECODERS if provider not in _APART]
    return [rate for pair in found for rate in pair]


def _rate(provider: str, rules: Rules, rounds: int) -> list[Rate]:
    cases = [case for case in samples() if case.provider == provider and _receipts(case, rules)]
    rates = []
    for is_json in (True, False):
        chosen = [case for case in cases if (case.body.lstrip()[:1] in {b"{", b"["}) is is_json]
        if chosen:
            rates.append(_measured(provider, chosen, rules, rounds, is_json=is_json))
    return rates


def _measured(provider: str, cases: list[Sample], rules: Rules, rounds: int, *, is_json: bool) -> Rate:
    receipts = sum(_receipts(case, rules) for case in cases)
    plain = [case.body if is_json else _as_json(case.body) for case in cases]
    ours, bare = [], []
    for _ in range(rounds):
        ours.append(receipts * _per_second(lambda: [_read(case, rules) for case in cases]))
        bare.append(receipts * _per_second(lambda: [_ten_fields(body) for body in plain]))
    ratios = sorted(one / other for one, other in zip(ours, bare, strict=True))
    return Rate(provider, is_json, median(ours), median(bare), ratios)


def _read(case: Sample, rules: Rules) -> list[Any]:
    return read(case.provider, case.body, case.context, received_at=ARRIVED, origin=("raw", 0, 0), rules=rules)


def _receipts(case: Sample, rules: Rules) -> int:
    if case.is_refused:
        return 0
    return sum(isinstance(event, Receipt) for event in _read(case, rules))


def _ten_fields(body: bytes) -> list[Any]:
    """What nobody can do without: parse, and look ten times into what came."""
    fields = orjson.loads(body)
    if isinstance(fields, list):
        return [[event.get(name) for name in _NAMES] for event in fields if isinstance(event, dict)]
    return [fields.get(name) for name in _NAMES]


def _as_json(body: bytes) -> bytes:
    pairs = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return orjson.dumps(pairs or {"text": body.decode(errors="replace")})


def _per_second(work: Callable[[], object]) -> float:
    """Runs per second of CPU."""
    work()
    runs, begun = 0, time.process_time()
    while (seconds := time.process_time() - begun) < SECONDS:
        work()
        runs += 1
    return runs / seconds


_APART = frozenset({"canonical", "dsn", "arf"})
"""What is no provider's words, and mails, which mail.py measures."""
_NAMES = ("id", "messageId", "message_id", "to", "from", "status", "error", "errorCode", "timestamp", "type")


def told(rates: list[Rate]) -> str:
    lines = ["provider       form   receipts/s   bare/s      ratio min / median / max"]
    lines += [
        f"{rate.provider:14} {'json' if rate.is_json else 'form':5} {rate.per_second:11,.0f} {rate.bare_per_second:9,.0f}"
        f"      {rate.ratios[0]:.3f} / {median(rate.ratios):.3f} / {rate.ratios[-1]:.3f}"
        for rate in rates
    ]
    for form, is_json, target in (("JSON", True, 0.25), ("form", False, 0.08)):
        ratios = sorted(median(rate.ratios) for rate in rates if rate.is_json is is_json)
        if ratios:
            lines.append(f"median {form} provider {median(ratios):.3f} (target {target}), lowest {ratios[0]:.3f}")
    return "\n".join(lines)
