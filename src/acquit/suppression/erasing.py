"""What stays of somebody who is erased.

Whoever is erased is forgotten under the address: row, entries, history. What stays, for ever, is a hold of scope `*` for the
reason `erased` under a keyed hash of the address, and beside it what only a forced restore lifts (complaint, legal), without
what it rested on. What comes later for this address goes to the hash, and of it only what a person said or staff asked.
The person's START lifts `erased`, and so does a restore: both are newer wishes of theirs. Once nothing is held under the
hash and nothing of it matters any more, a year later, it is forgotten as anybody is.
"""

from acquit.suppression.facts import NEVER_LIFTED_BY_DELIVERY, Fact, Person, without_traces


def is_erased(person: Person) -> bool:
    found = person.entries.get("*")
    return found is not None and found.reason == "erased"


def is_said(fact: Fact) -> bool:
    """What a person said, or staff asked: nothing else matters of somebody who was erased."""
    return fact.kind in {"stop", "start", "add", "restore"} or fact.category in NEVER_LIFTED_BY_DELIVERY


def erased_facts(plain: Person | None, known: Person, channel: str, *, by: str, at_ms: int) -> list[Fact]:
    """The facts that stay of a person known by the address and perhaps already by the hash; the wish to be erased is last."""
    kept = {without_traces(fact) for fact in (*(plain.facts if plain else ()), *known.facts) if _is_for_ever(fact)}
    wishes = [fact for fact in known.facts if fact.category == "erased"] if is_erased(known) else []
    wish = Fact(at_ms, "add", "staff", "", category="erased", rule="command", channel=channel, by=by)
    return [*sorted(kept), *(wishes or [wish])]


def _is_for_ever(fact: Fact) -> bool:
    """What a forced restore alone lifts, and such a restore."""
    return fact.category in {"complaint", "legal"} or (fact.kind == "restore" and fact.is_forced)
