"""What a person's reply asks for. One word alone counts: "STOP" is an opt-out, "stop sending me pizza" is a reply.

Twilio and the carriers read it so too: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

from acquit.events import Engagement, EngagementType, Reply, Src
from acquit.rules import LONGEST_KEYWORD, Rules, fold

_NAME_LIMIT = 512


def heard(reply: Reply, rules: Rules, src: Src | None) -> Engagement:
    """The engagement that a reply is. The text ends here."""
    assert reply.at is not None, "normalise gives every reply a time"
    return Engagement(
        provider=reply.provider,
        to=reply.to,
        channel=reply.channel,
        at=reply.at,
        type=reply.says or _meaning(reply.text, rules),
        message_id=reply.message_id,
        account=reply.account,
        stream=reply.stream,
        only=reply.only[:_NAME_LIMIT] if reply.only else None,
        src=src,
    )


def _meaning(text: str, rules: Rules) -> EngagementType:
    return rules.keywords.get(fold(text), "reply") if len(text) <= LONGEST_KEYWORD else "reply"
