"""One payload's way through the stages, told for a person: what was decoded, which rule decided, and what follows."""

from collections.abc import Iterator
from datetime import datetime

from acquit.decode import DECODERS, Context
from acquit.errors import Undecodable
from acquit.events import Engagement, Ignored, Receipt, Reply, Report
from acquit.normalise import normalise_reply, normalise_report
from acquit.pipeline import judge_report
from acquit.reasons import explain
from acquit.reasons.content import indicators
from acquit.reasons.keywords import heard
from acquit.reasons.revising import PORTED, revise
from acquit.rules import Rules, policy
from acquit.rules.patterns import UNCONFIRMED


def told(provider: str, body: bytes, context: Context, *, rules: Rules, now: datetime) -> Iterator[str]:
    """Lines of text, an empty one between two events. Raises Undecodable."""
    if provider not in DECODERS:
        raise Undecodable("unknown_provider", f"decoders are {', '.join(sorted(DECODERS))}")
    profile = rules.routes.profile(context.route, context.supplier, provider)
    if profile is not None:
        context = context.filled(profile)
    for number, decoded in enumerate(DECODERS[provider](body, context)):
        if number:
            yield ""
        if isinstance(decoded, Report):
            yield from _of_report(decoded, context, rules, now)
        elif isinstance(decoded, Reply):
            yield from _of_engagement(heard(normalise_reply(decoded, received_at=now), rules, None))
        elif isinstance(decoded, Ignored):
            yield f"ignored     {decoded.kind}: no news of a message; it is counted"
        elif isinstance(decoded, Undecodable):
            yield f"refused     {decoded}: it alone becomes a dead letter"
        else:
            yield f"canonical   {type(decoded).__name__.lower()}: it is judged already, and passes as it is"


def _of_report(report: Report, context: Context, rules: Rules, now: datetime) -> Iterator[str]:
    known = {name: getattr(report, name) for name in report.__struct_fields__ if name != "provider"}
    yield f"decoded     {report.provider}: " + ", ".join(f"{k} {v}" for k, v in known.items() if v is not None)
    profile = rules.routes.profile(context.route, context.supplier, report.provider)
    normal = normalise_report(report, received_at=now, profile=profile)
    reason = explain(normal, rules)
    receipt = revise(judge_report(normal, now, None, rules), ported_at=context.ported_at, profile=profile)
    carrier = f", carrier {receipt.carrier} (a guess)" if receipt.carrier_is_guess else ""
    yield f"normalised  to {receipt.to}, at {receipt.at:%Y-%m-%d %H:%M:%S} UTC{carrier}"
    yield f"decided by  {receipt.rule}" + (f"  {reason.place}  [{reason.source}]" if reason.source else "")
    narrower = f" ({reason.sub_reason})" if reason.sub_reason else ""
    if why := _why(reason.rule, rules):
        yield f"because     {why}"
    theirs = f" ({report.provider}: {receipt.said.status})" if receipt.said.status else ""
    yield f"status      {receipt.status}{theirs}"
    yield f"category    {reason.category or '-'}{narrower}"
    yield f"permanence  {receipt.permanence}" + (
        ", for its number is being ported" * (receipt.permanence != reason.permanence)
    )
    yield f"action      {receipt.action}" + (", and escalate: it fails 48 hours after a port" * receipt.escalate)
    if receipt.retry_after_seconds is not None:
        yield f"retry after {receipt.retry_after_seconds} seconds"
    if reason.category is not None:
        category = rules.categories[reason.category]
        yield f"causes      {'; '.join(category.causes)}"
        if category.checks:
            yield f"check       {'; '.join(category.checks)}"
    if receipt.permanence != reason.permanence:
        yield "advice      The number is on its way to another operator: wait until 48 hours after its port."
    elif reason.advice:
        yield f"advice      {reason.advice}"
    yield f"policy      {_policy(receipt, rules)}"


def _why(rule: str, rules: Rules) -> str:
    """What a rule of wording gives as its reason, where it has to give one."""
    asked = rule.removesuffix(UNCONFIRMED)
    return next((pattern.why for pattern in rules.patterns if pattern.id == asked), "")


def told_of_text(text: str, sender: str | None, rules: Rules) -> Iterator[str]:
    """What in a message's own text raises filtering. The text is looked at and forgotten."""
    found = list(indicators(text, rules, sender=sender))
    yield from (f"content     {sentence}" for sentence in found or ["nothing that is known to raise filtering"])


def _of_engagement(engagement: Engagement) -> Iterator[str]:
    follows = {"stop": "suppressed until they say start", "start": "what they said before is lifted"}
    yield f"heard       {engagement.type} from {engagement.to}: {follows.get(engagement.type, 'nothing is suppressed')}"


def _policy(receipt: Receipt, rules: Rules) -> str:
    """The rows that the failure meets, as far as the first that leaves nothing to those below it."""
    if receipt.sub_reason == PORTED:
        return "no rule: nobody is suppressed for a port"
    met = []
    for rule in rules.policy:
        if rule.matches(
            receipt.channel, receipt.category or "", receipt.permanence, receipt.said.code, receipt.rule or ""
        ):
            met.append(f"{rule.id}: {policy.told(rule)}")
            if not rule.is_counting:
                break
    return "; else ".join(met) or "no rule: nobody is suppressed for this"
