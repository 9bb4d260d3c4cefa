"""A short form of tests/system/test_fuzz.py: the law, without the clock."""

from tests.builders import shipped_rules
from tests.decode.fuzz import Fuzz, check, said_of

INPUTS = 5_000


def test_fuzzed_inputs_are_read_or_refused() -> None:
    rules = shipped_rules()
    for one in Fuzz(seed=7).small(INPUTS):
        check(one, said_of(one, rules))
