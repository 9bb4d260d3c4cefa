"""The tail of a count is exact: compared with the sum of its probabilities."""

from math import comb, exp, lgamma, log

import pytest

from acquit.routes.tails import CERTAIN, surprise


@pytest.mark.parametrize(
    ("count", "of", "share"), [(10, 60, 0.05), (29, 200, 0.05), (5, 10, 0.1), (60, 60, 0.9), (130, 200, 0.55)]
)
def test_count_of_so_many_has_the_binomial_tail(count: int, of: int, share: float) -> None:
    tail = sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1))
    assert surprise(count, of * share, of * share * (1 - share)) == pytest.approx(-log(tail), rel=1e-6)


@pytest.mark.parametrize(("count", "mean", "variance"), [(12, 4, 5), (23, 10, 13.6), (80, 40, 200), (2, 1, 3)])
def test_count_that_varies_more_has_the_negative_binomial_tail(count: int, mean: float, variance: float) -> None:
    p, r = mean / variance, mean * mean / (variance - mean)
    below = sum(exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(p) + k * log(1 - p)) for k in range(count))
    assert surprise(count, mean, variance) == pytest.approx(-log(1 - below), rel=1e-6)


def test_what_is_not_above_its_mean_is_no_surprise() -> None:
    assert surprise(4, 4, 4) == surprise(0, 0, 0) == surprise(3, 5, 9) == 0


def test_more_than_there_can_be_is_certain_and_nothing_is_more_than_that() -> None:
    assert surprise(11, 9, 0.9) == surprise(1, 0, 0) == CERTAIN
    assert surprise(100_000, 10, 11) == CERTAIN


def test_greater_count_is_never_less_of_a_surprise() -> None:
    found = [surprise(count, 50, 60) for count in range(50, 400)]
    assert found == sorted(found)
