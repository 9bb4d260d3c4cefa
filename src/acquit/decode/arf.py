"""Feedback reports (ARF, RFC 5965): complaints about mail and what comes in the same form, one Report a recipient.

https://www.rfc-editor.org/rfc/rfc5965
https://www.iana.org/assignments/marf-parameters (the types of feedback)
Nobody complains by not-spam (RFC 6430), auth-failure and dmarc (RFC 6591): they are Reports under their own words. opt-out
and opt-out-list (of the drafts) are a person's STOP. A provider that hides the recipient leaves the message's id.
"""

from collections.abc import Iterator

from acquit.decode.bounce.addresses import address_in
from acquit.decode.bounce.arrival import arrived_at
from acquit.decode.bounce.headers import Headers, headers_of
from acquit.decode.bounce.original import message_id_of, original_in, sent_to, written_to
from acquit.decode.bounce.parts import BEYOND, Mail, Part, each_mail, read_mail
from acquit.decode.bounce.verp import verp_recipient
from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.errors import Undecodable
from acquit.events import Ignored

_KIND = "message/feedback-report"
_STOPS = frozenset({"opt-out", "opt-out-list", "unsubscribe"})
_PEOPLE_LIMIT = 500
_UNNAMED = ("hashed", "redacted", "undisclosed", "removed", "x-redacted")
"""Local parts that stand for somebody whom the reporter hides."""


def decode(body: bytes, context: Context) -> Iterator[Decoded]:
    return each_mail(body, lambda octets: _told(octets, context))


def _told(octets: bytes, context: Context) -> Iterator[Decoded]:
    mail = read_mail(octets)
    report = feedback_in(mail)
    if report is None:
        raise Undecodable("undecodable", "no mail with a message/feedback-report part")
    yield from told(mail, report, context)
    if mail.is_cut:
        yield Ignored("arf", BEYOND)


def feedback_in(mail: Mail) -> Part | None:
    """The part that holds the report; a text part, where a gateway lost its type."""
    claimed = mail.messages[0].headers.report_type == "feedback-report"
    for part in mail.parts:
        if part.kind == _KIND or (
            claimed and part.kind.startswith("text/") and "\nfeedback-type:" in f"\n{part.text}".lower()
        ):
            return part
    return None


def told(mail: Mail, report: Part, context: Context) -> Iterator[Decoded]:
    """What a feedback report says, one event a recipient."""
    fields = headers_of(report.text.strip("\n"))
    bounce = mail.messages[report.message].headers
    original = original_in(mail, report.message, None)
    kind = fields.get("feedback-type").strip().casefold() or "abuse"
    message_id = message_id_of(original, fields, bounce, context)
    people = _people(fields, original, bounce, context)
    at = arrived_at(mail.messages[0].headers)
    if not people and message_id is None and context.to is None:
        raise Undecodable("missing_field", "$: the report names neither a recipient nor a message")
    for to in people or (None,):
        if kind in _STOPS:
            yield _stopped(to, context, message_id) if to or context.to else Ignored("arf", kind)
        else:
            yield context.report("arf", "email", message_id=message_id, to=to, at=at, status=kind,
                                 remote_host=_reporter(fields))  # fmt: skip


def _stopped(to: str | None, context: Context, message_id: str | None) -> Decoded:
    return context.reply(
        "arf", "email", to=to or context.to or "", message_id=message_id, says="stop", only=context.stream
    )


def _people(fields: Headers, original: Headers, bounce: Headers, context: Context) -> list[str]:
    """The recipients that the report names, else that our return address names, else that the message was for.

    Of a message to several nobody knows who complained unless the report says it. A name that hides somebody is taken only
    where the original has no id by which its submit would name them.
    """
    named = [found for value in fields.all("original-rcpt-to") if (found := address_in(value))]
    named += [found for value in fields.all("removal-recipient") if (found := address_in(value))]
    known = [one for one in dict.fromkeys(named) if not one.casefold().startswith(_UNNAMED)]
    if known:
        return known[:_PEOPLE_LIMIT]
    if to := verp_recipient(bounce, original, context):
        return [to]
    for those in (sent_to(original), written_to(original)):
        if len(those) == 1:
            named.append(those[0])
    known = [one for one in named if not one.casefold().startswith(_UNNAMED)]
    if known:
        return known[:1]
    return [] if original.get("message-id") else named[:1]


def _reporter(fields: Headers) -> str | None:
    """The host that reports: `Reporting-MTA: dns; mail.example.com`."""
    words = fields.get("reporting-mta").rpartition(";")[2].split()
    return words[0].lower()[:253] if words else None
