"""Traffic with known truth: seeded messages, receipts and people, and what a right program must make of them.

One plan is read three ways: `simulate` gives the records, `write_ndjson` the canonical events, `truth_of` the answer.
Nothing here may import the decoders, the reasons, the ledger or the policy: it is what they are checked against.
"""

from acquit.simulate.canonical import write_ndjson
from acquit.simulate.records import Record, simulate
from acquit.simulate.scenario import Carrier, Route, Scenario
from acquit.simulate.truth import Cell, Truth, truth_of

__all__ = ["Carrier", "Cell", "Record", "Route", "Scenario", "Truth", "simulate", "truth_of", "write_ndjson"]
