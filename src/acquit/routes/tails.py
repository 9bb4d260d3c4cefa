"""How surprising a count is: the exact tail of a binomial, or of what varies more than one, in nats.

At small volume a z of 4 is nothing rare: of 4 expected failures 12 come once in 1,000 looks, not once in 30,000.
"""

from math import exp, inf, lgamma, log, log1p

CERTAIN = 600.0
"""Nats beyond which it makes no difference."""
_PRECISION, _ROUNDS = 1e-10, 400


def surprise(count: float, mean: float, variance: float) -> float:
    """-ln P(X >= count) for X of this mean and variance: binomial where it varies less than its mean, negative binomial where
    it varies more. 0 for what is not above the mean.
    """
    if count <= mean or count <= 0:
        return 0.0
    if mean <= 0 or variance <= 0:
        return CERTAIN
    if variance < mean * 0.999:
        trials = mean * mean / (mean - variance)
        if count > trials:
            return CERTAIN
        return -_log_beta(mean / trials, count, trials - count + 1)
    spread = max(variance, mean * 1.001)
    return -_log_beta(1 - mean / spread, count, mean * mean / (spread - mean))


def _log_beta(x: float, a: float, b: float) -> float:
    """The logarithm of the regularized incomplete beta function, for x below its mean, by its continued fraction (Lentz)."""
    front = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    if x >= (a + 1) / (a + b + 2):  # near the mean the fraction converges from the other side
        rest = exp(front) * _fraction(1 - x, b, a) / b
        return log1p(-rest) if rest < 1 else -inf
    return max(front + log(_fraction(x, a, b) / a), -CERTAIN)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        found *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        found *= d * c
        if abs(d * c - 1) < _PRECISION:
            break
    return found


def _away(value: float) -> float:
    """From zero, so that it can be divided by."""
    return value if abs(value) > 1e-300 else 1e-300
