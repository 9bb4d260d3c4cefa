"""The answer to "why", whichever table or pattern gave it."""

from msgspec import Struct

from acquit.events import Action, Category, Permanence, Status
from acquit.rules import CodeRow, Rules, StatusRow
from acquit.rules.patterns import PatternRule


class Reason(Struct, frozen=True, gc=False):
    """What a provider's words mean, and the id of the row that says so."""

    status: Status
    category: Category | None
    sub_reason: str | None
    permanence: Permanence
    action: Action
    rule: str
    advice: str = ""
    source: str = ""
    place: str = ""  # file and line of the row
    retry_after_seconds: int | None = None  # where a mail server's words say so


def reason_of(status: Status, category: Category | None, row: CodeRow | StatusRow | PatternRule) -> Reason:
    return Reason(
        status, category, row.sub_reason, row.permanence, row.action, row.id, row.advice, row.source, row.place
    )


def unknown(status: Status, rule: str, rules: Rules) -> Reason:
    row = rules.categories["unknown"]
    return Reason(status, "unknown", None, row.permanence, row.action, rule, row.advice)
