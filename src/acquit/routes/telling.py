"""A verdict as topics, commands and `replay` have it."""

from acquit.effects import RouteVerdict, ShareTold, VerdictPart
from acquit.routes.reading import date_of
from acquit.routes.verdict import Verdict


def shown(verdict: Verdict) -> RouteVerdict:
    """A verdict as topics, commands and pages have it."""
    place, share = verdict.place, verdict.share
    return RouteVerdict(
        channel=place.channel, route=place.route or None, supplier=place.supplier or None, carrier=place.carrier or None,
        day=date_of(verdict.day).isoformat(), verdict=verdict.word,
        nats=round(verdict.nats, 2), window_days=verdict.window_days,
        evidence=[
            VerdictPart(part.name, round(part.nats, 2), part.found, round(part.of, 1), part.where) for part in verdict.parts
        ],
        messages=verdict.messages, sentence=verdict.sentence,
        share=ShareTold(round(share.low, 4), round(share.estimate, 4), round(share.high, 4), share.kind) if share else None,
        who=verdict.who, is_new=verdict.is_new, signs=list(verdict.signs), limits=list(verdict.limits),
        reported_delivery=_rounded(verdict.reported_delivery), believed_delivery=_rounded(verdict.believed_delivery),
    )  # fmt: skip


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 4)
