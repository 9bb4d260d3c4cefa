"""Numbers that are known to receive nothing: who "delivers" to them does not tell the truth.

Learned from suppliers that do not depend on each other, never from receipts of delivery: such a receipt is the very thing
that a dead number exposes.
"""

from collections.abc import Sequence

from acquit.rules.policy import DAY_MS
from acquit.suppression.facts import IMPORT, Fact
from acquit.suppression.verdicts import Verdicts, is_contradicted

DEAD_MS = 30 * DAY_MS
"""Numbers are given to new people: an older failure says nothing of the number today."""
SUPPLIERS = 2
_ALIVE = frozenset({"reply", "engaged", "stop", "start"})
"""What only somebody does who received a message."""


def is_dead(facts: Sequence[Fact], at_ms: int, verdicts: Verdicts) -> bool:
    """Whether by this time so many suppliers had it that nobody is there, and nobody was heard of since."""
    alive_ms = max((fact.at_ms for fact in facts if fact.kind in _ALIVE), default=0)
    since_ms = max(alive_ms, at_ms - DEAD_MS)
    told = [fact for fact in facts if is_evidence(fact) and since_ms < fact.at_ms <= at_ms]
    return len({f.supplier or f.provider for f in told if not is_contradicted(verdicts, f)}) >= SUPPLIERS


def is_evidence(fact: Fact) -> bool:
    """What another system knew may rest on any of our own suppliers' words."""
    return fact.kind == "failure" and fact.provider != IMPORT and is_death(fact.category, fact.permanence)


def is_death(category: str, permanence: str) -> bool:
    return category == "recipient_unknown" and permanence == "permanent"


def matters_until_ms(fact: Fact) -> int:
    """How long a failure may prove that nobody is there."""
    return fact.at_ms + DEAD_MS if is_evidence(fact) else 0
