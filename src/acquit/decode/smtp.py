"""SMTP replies, as an MTA logs or posts them: `{"to":…,"response":"550 5.1.1 …","remote_host":…}`, one or an array.

https://www.rfc-editor.org/rfc/rfc5321#section-4.2
Beside these fields `message_id`, `at` and `status` (a word of RFC 3464's actions) are read. Without a status the reply's class
says what became of the message: 2 delivered, 4 delayed (its MTA tries again), else failed.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from acquit.decode.bounce.words import enhanced_in, folded, host_in, reply_in
from acquit.decode.context import Context
from acquit.decode.fields import Decoded, Shape, given, masked, moment

_ACTIONS: Mapping[str, str] = {"2": "delivered", "4": "delayed", "5": "failed"}


class Reply(Struct, frozen=True, gc=False):
    response: str | None = None
    to: str | None = None
    remote_host: str | None = None
    message_id: str | None = None
    at: str | int | float | None = None
    status: str | None = None


_REPLIES = Shape(Reply)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return _REPLIES.each(body, context, _told)


def _told(reply: Reply, context: Context) -> Iterator[Decoded]:
    said = folded(given(reply.response, "response"))
    message_id = (reply.message_id or "").strip().removeprefix("<").removesuffix(">") or None
    if message_id is None:
        given(reply.to or context.to, "to")
    code = enhanced_in(said)
    yield context.report(
        "smtp",
        "email",
        message_id=message_id,
        to=reply.to,
        at=moment(reply.at, "at"),
        status=reply.status or _action(said, code),
        code=code,
        text=masked(said),
        remote_host=(reply.remote_host or "").strip().rstrip(".").casefold()[:253] or host_in(said),
        reply_code=reply_in(said),
    )


def _action(said: str, code: str | None) -> str:
    """By the class of the reply, else of the enhanced code; an MTA that tells neither has failed."""
    digit = said[:1] if said[:3].isdecimal() else (code or "")[:1]
    return _ACTIONS.get(digit, "failed")
