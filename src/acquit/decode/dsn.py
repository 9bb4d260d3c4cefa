"""Bounce mails: delivery reports (RFC 3464) and all that comes without one, whole as they came, one Report a recipient.

https://www.rfc-editor.org/rfc/rfc3464
A bounce mailbox gets more than bounces: complaints (RFC 5965) are read as `arf` does, SES's notifications by mail as `ses`
does, automatic answers (RFC 3834) and challenges are told apart, and what is none of these is Ignored.
"""

from collections.abc import Iterable, Iterator

from acquit.decode import arf, ses
from acquit.decode.bounce import kinds, words
from acquit.decode.bounce.addresses import address_in
from acquit.decode.bounce.arrival import arrived_at
from acquit.decode.bounce.bounce import Bounce, Outcome
from acquit.decode.bounce.parts import BEYOND, Mail, each_mail, read_mail
from acquit.decode.context import Context
from acquit.decode.fields import Decoded, masked
from acquit.errors import Undecodable
from acquit.events import Ignored, Report

_AUTO_REPLY, _CHALLENGE = "auto-replied", "challenge"
"""Status words of our own for what is no report."""
_MAIL_FIELDS = (
    "from",
    "to",
    "received",
    "return-path",
    "message-id",
    "subject",
    "date",
    "mime-version",
    "content-type",
)


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return each_mail(body, lambda octets: _told(octets, context))


def _told(octets: bytes, context: Context) -> Iterator[Decoded]:
    mail = read_mail(octets)
    if not any(name in mail.messages[0].headers for name in _MAIL_FIELDS):
        raise Undecodable("undecodable", "no mail: it begins with none of a mail's header fields")
    yield from _said(mail, context)
    if mail.is_cut:
        yield Ignored("dsn", BEYOND)


def _said(mail: Mail, context: Context) -> Iterable[Decoded]:
    """By what the mail is: a feedback report, a delivery report, a notification of SES; else by what its words make of it."""
    feedback = arf.feedback_in(mail)
    if feedback is not None:
        return arf.told(mail, feedback, context)
    messages = [Bounce(mail, number, context) for number in range(len(mail.messages))]
    for bounce in messages:
        if bounce.report.recipients:
            return _reports(bounce, bounce.reported(), mail, context)
    outer = messages[0]
    if outer.text.lstrip().startswith("{") and '"notificationType"' in outer.text:
        return ses.decode(_json_in(outer.text), context)
    if any(part.kind == "message/disposition-notification" for part in mail.parts):
        return [Ignored("dsn", "disposition notification")]
    return _by_words(messages, mail, context)


def _by_words(messages: list[Bounce], mail: Mail, context: Context) -> Iterable[Decoded]:
    """A daemon's mail is a bounce even where it is marked as an answer; a mailbox's mail that is marked is an answer.

    What came back with a forwarded bounce is that bounce: who failed stands within.
    """
    outer = messages[0]
    if not kinds.is_from_daemon(outer.headers) and "x-failed-recipients" not in outer.headers:
        if kinds.is_automatic(outer.headers):
            is_challenge = kinds.is_challenge(outer.headers, outer.text)
            return _answer(outer, _CHALLENGE if is_challenge else _AUTO_REPLY, mail, context)
        if not outer.is_bounce and kinds.is_challenge(outer.headers, outer.text):
            return _answer(outer, _CHALLENGE, mail, context)
    for number, bounce in enumerate(messages):
        is_forward = any(
            mail.messages[one].within == number and messages[one].is_bounce for one in range(number + 1, len(messages))
        )
        if "x-failed-recipients" in bounce.headers or (bounce.is_bounce and not is_forward):
            return _reports(bounce, bounce.in_words(), mail, context)
    return [Ignored("dsn", "other mail")]


def _reports(bounce: Bounce, outcomes: Iterable[Outcome], mail: Mail, context: Context) -> Iterator[Decoded]:
    message_id, at = bounce.message_id, arrived_at(mail.messages[0].headers)
    for one in outcomes:
        if one.to is None and context.to is None and message_id is None:
            yield Undecodable("missing_field", "$: the bounce names neither a recipient nor a message")
            continue
        yield context.report(
            "dsn",
            "email",
            message_id=message_id,
            to=one.to,
            at=at,
            status=one.action,
            code=words.better_code(one.status, words.enhanced_in(one.text)),
            text=(masked(one.text) or "")[: words.TEXT_LIMIT] or None,
            remote_host=one.host,
            reply_code=words.reply_in(one.text),
        )


def _answer(answer: Bounce, status: str, mail: Mail, context: Context) -> Iterator[Report]:
    """Of whoever answers. What the person wrote for friends and colleagues is not read any further."""
    message_id = answer.message_id
    to = answer.own_address or address_in(answer.headers.get("from")) or address_in(answer.headers.get("reply-to"))
    if to is None and context.to is None and message_id is None:
        raise Undecodable("missing_field", "$: the answer names neither its writer nor a message")
    yield context.report(
        "dsn", "email", message_id=message_id, to=to, at=arrived_at(mail.messages[0].headers), status=status
    )


def _json_in(text: str) -> bytes:
    """The notification that stands before a footer, without the ends of lines that relays put into long ones."""
    return text[: text.rfind("}") + 1].replace("!\n ", "").replace("\n", "").strip().encode()
