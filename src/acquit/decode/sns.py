"""The envelopes of Amazon, taken off: what a topic of SNS says, and what EventBridge does, is an event of one shape.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (the event is a text within the JSON)
https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html (the event as it is)
https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html (the event is an object, `detail`)
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from msgspec import Raw, Struct, field

from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, Tell
from acquit.events import Ignored

T = TypeVar("T")

_ABOUT_ITSELF = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})
# https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
_GREETING = "Successfully validated SNS topic"
"""How SES tries out a topic: plain text in place of the JSON, once for every event destination."""


class Envelope(Struct, frozen=True, gc=False):
    type: str | None = field(name="Type", default=None)
    message: str | None = field(name="Message", default=None)
    detail: Raw = Raw()


class Topic(Generic[T]):
    """Events of one shape, each in an envelope or without one."""

    def __init__(self, provider: str, event: type[T]) -> None:
        self._provider = provider
        self._bodies: Shape[Raw] = Shape(Raw)
        self._envelopes: Shape[Envelope] = Shape(Envelope)
        self._events: Shape[T] = Shape(event)

    def each(self, body: bytes, context: Context, tell: Tell[T]) -> Iterator[Decoded]:
        """What the events of a body say. What SNS says about itself is Ignored."""

        def opened(one: Raw, context: Context) -> Iterator[Decoded]:
            return self._opened(one, context, tell)

        return self._bodies.each(body, context, opened)

    def _opened(self, body: Raw, context: Context, tell: Tell[T]) -> Iterator[Decoded]:
        envelope = self._envelopes.one(body)
        if envelope.type in _ABOUT_ITSELF:
            return iter([Ignored(self._provider, envelope.type)])
        if envelope.message is None:
            return iter(tell(self._events.one(bytes(envelope.detail) or body), context))
        if envelope.message.startswith(_GREETING):
            return iter([Ignored(self._provider, _GREETING)])
        return self.each(envelope.message.encode(), context, tell)  # EventBridge sends to topics as well
