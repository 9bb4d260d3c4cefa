"""A verdict as `acquit routes judge` and `replay` print it: a line of JSON."""

from typing import Any

from acquit.routes.reading import date_of
from acquit.routes.verdict import Verdict


def told(verdict: Verdict) -> dict[str, Any]:
    place, share = verdict.place, verdict.share
    return {
        "type": "verdict",
        "channel": place.channel,
        "route": place.route or None,
        "supplier": place.supplier or None,
        "carrier": place.carrier or None,
        "day": date_of(verdict.day).isoformat(),
        "verdict": verdict.word,
        "is_new": verdict.is_new,
        "nats": round(verdict.nats, 2),
        "share": None if share is None else {
            "low": share.low, "estimate": share.estimate, "high": share.high, "kind": share.kind,
        },
        "who": verdict.who,
        "window_days": verdict.window_days,
        "messages": verdict.messages,
        "reported_delivery": verdict.reported_delivery,
        "believed_delivery": verdict.believed_delivery,
        "evidence": [
            {"name": part.name, "nats": round(part.nats, 2), "found": part.found, "of": round(part.of, 1), "where": part.where}
            for part in verdict.parts
        ],
        "signs": list(verdict.signs),
        "limits": list(verdict.limits),
        "sentence": verdict.sentence,
    }  # fmt: skip
