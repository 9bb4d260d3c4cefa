"""Conversion by latency: forged receipts are missed where they lie; level, slope and late messages are not."""

import numpy as np
import pytest

from acquit.columns import PLACE, WIDTH
from acquit.routes.batching import BOUNDS_SECONDS, usable_bins
from acquit.routes.interaction import dispersed, fit, interaction, peer_curve
from acquit.routes.streams import Grouping, Ints, Key, grouped
from acquit.routes.templates import templates

LAWS = templates()
SHARES = np.array([law.shares for law in LAWS])
PRIOR = np.array([law.weight for law in LAWS])
SUPPLIERS = 8


def rows(rng: np.random.Generator, *, forged: float = 0.0, law: str = "even 5-15 s", messages: int = 60_000) -> Ints:
    """One stream of eight suppliers on a carrier; the first forges this share of its receipts."""
    honest = np.exp(-0.5 * ((np.log(BOUNDS_SECONDS) - np.log(4)) / 0.55) ** 2) + 0.002
    counts = np.zeros((SUPPLIERS, WIDTH), np.int64)
    for row in range(SUPPLIERS):
        share = forged if row == 0 else 0.0
        h = next(one.shares for one in LAWS if one.name == law)
        true = rng.multinomial(round(messages * (1 - share)), honest / honest.sum())
        false = rng.multinomial(round(messages * share), h / h.sum())
        counts[row, PLACE["delivered_in"]] = true + false
        left = 0.7 * (1 + 0.03 * rng.standard_normal()) * np.exp(-np.minimum(BOUNDS_SECONDS, 3_000) / 240)
        counts[row, PLACE["converted_in"]] = rng.binomial(true, np.clip(left, 0, 1))
        counts[row, PLACE["delivered_at"]] = rng.multinomial(messages, np.full(60, 1 / 60))
    return counts


def nats(counts: Ints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    grouping = groups()
    usable = usable_bins(counts)
    offset, variance = peer_curve(counts, usable, grouping, np.ones(SUPPLIERS))
    made = dispersed(fit(counts, usable, offset, variance), SHARES)
    return interaction(made, SHARES, PRIOR, grouping).nats


def groups() -> Grouping:
    return grouped([Key("sms", f"r{n}", f"s{n}", "20801", "FR", "otp") for n in range(SUPPLIERS)])


@pytest.mark.parametrize("law", ["even 5-15 s", "even 0-60 s", "around 4.1 s", "within 6.8-8.5 s"])
def test_forged_receipts_are_missed_where_they_lie(law: str) -> None:
    name = min((one.name for one in LAWS), key=lambda one: one != law)
    assert nats(rows(np.random.default_rng(1), forged=0.05, law=name))[0] > 6.9


def test_honest_routes_are_contradicted_hardly_ever() -> None:
    """A Bayes factor: e to the nats has a mean of at most one over honest routes."""
    found = np.concatenate([nats(rows(np.random.default_rng(seed), messages=20_000)) for seed in range(100)])
    assert np.exp(found).mean() < 1.5
    assert (found > 6.9).mean() <= 0.001


def test_a_forger_does_not_make_its_peers_look_forged() -> None:
    assert nats(rows(np.random.default_rng(3), forged=0.3))[1:].max() < 4.6


def test_batched_receipts_say_nothing_by_latency() -> None:
    counts = rows(np.random.default_rng(4), forged=0.1)
    counts[0, PLACE["delivered_at"]] = 0
    counts[0, PLACE["delivered_at"].start] = 60_000
    assert not usable_bins(counts)[0][BOUNDS_SECONDS < 60].any()
    assert nats(counts)[0] < 2


def test_templates_are_laws_and_their_weights_are_one() -> None:
    assert np.all(SHARES.sum(axis=1) <= 1 + 1e-9)
    assert abs(PRIOR.sum() - 1) < 1e-9
