"""Why a mail failed, where the provider's own row says too little: the other server's words, its codes, then that row.

Wording goes before codes, for servers write "550 5.1.1" before "blocked for spam" and "450" before "no such user". What says
something of the sender, the message or a system never condemns the address, whatever the code (mission row W1).
"""

from msgspec.structs import replace

from acquit.events import Report, Status
from acquit.reasons.reason import Reason, reason_of
from acquit.reasons.retry_after import retry_after_seconds
from acquit.rules import CodeRow, Rules
from acquit.rules.patterns import UNCONFIRMED, Answer, answer

_TEMPORARY = "4"


def worded(report: Report, said: Reason, rules: Rules) -> Reason:
    """The reason by the words of a report that was sent by mail, or told by who sends mail; or what was said already."""
    if not report.text and not report.code and not report.reply_code:
        return said
    domain = report.to.rpartition("@")[2] if report.to else None
    told = answer(
        report.text or "", enhanced=report.code, reply=report.reply_code, hosts=(report.remote_host, domain),
        provider=report.provider,
    )  # fmt: skip
    found = _by_pattern(told, said, rules) or by_code(told, said.status, rules)
    is_deferred = said.status == "deferred"
    if found is not None and (is_deferred or rules.vague.get(said.rule) == "transient"):
        found = _as_transient(found)  # they go on trying, or think that it passes
    if found is None or (not is_deferred and (found.category, found.permanence) == (said.category, said.permanence)):
        found = said  # it says as much, and the provider's own row knows more of what to do
    seconds = retry_after_seconds(told.words) or found.retry_after_seconds
    return replace(found, action="wait" if is_deferred else found.action, retry_after_seconds=seconds)


def _by_pattern(told: Answer, said: Reason, rules: Rules) -> Reason | None:
    rule = next((rule for rule in rules.patterns if rule.fits(told)), None)
    if rule is None:
        return None
    reason = replace(reason_of(said.status, rule.category, rule), retry_after_seconds=rule.retry_after_seconds)
    if not rule.is_confirmed(told):
        reason = replace(reason, rule=rule.id + UNCONFIRMED)
    return _as_transient(reason) if rule.is_doubtful(told) else reason


def by_code(told: Answer, status: Status, rules: Rules) -> Reason | None:
    """By the enhanced code, then the reply's; "temporary" in either leaves nothing permanent."""
    rows = (_enhanced_row(told.enhanced, rules), _row("reply", told.reply, rules))
    row = next((row for row in rows if row and row.category != "unknown"), None)
    if row is None:
        return None
    reason = reason_of(status, row.category, row)
    code = told.enhanced or told.reply or ""
    return _as_transient(reason) if code.startswith(_TEMPORARY) else reason


def _as_transient(reason: Reason) -> Reason:
    return replace(reason, permanence="transient", action="retry_later") if reason.permanence == "permanent" else reason


def _enhanced_row(code: str | None, rules: Rules) -> CodeRow | None:
    """The row of the code as it is, else of its meaning in any class (X.1.1), else of its subject (X.1)."""
    if code is None:
        return None
    _, subject, detail = code.split(".")
    keys = (code, f"x.{subject}.{detail}", f"x.{subject}")
    return next((row for key in keys if (row := _row("enhanced", key, rules))), None)


def _row(table: str, code: str | None, rules: Rules) -> CodeRow | None:
    rows = rules.codes[table].get(code or "", ())
    return next((row for row in rows if not row.words), None)
