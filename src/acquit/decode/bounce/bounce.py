"""One message of a mail as a bounce: its report, its sentences, the original, and what follows for each recipient."""

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from acquit.decode.bounce import kinds, words
from acquit.decode.bounce.addresses import address_in, addresses_in
from acquit.decode.bounce.free_text import Failed, failed_in
from acquit.decode.bounce.headers import Headers
from acquit.decode.bounce.original import (
    Inlined,
    before_rewriting,
    inlined,
    message_id_of,
    original_in,
    receivers_of,
    senders_of,
    sent_to,
    written_to,
)
from acquit.decode.bounce.parts import Mail, words_of
from acquit.decode.bounce.report import DeliveryReport, Told, before_report, report_in
from acquit.decode.bounce.verp import verp_recipient
from acquit.decode.context import Context


class Outcome(Struct, frozen=True, gc=False):
    """What became of the message for one recipient, in the machine's words."""

    to: str | None
    action: str
    text: str
    status: str | None = None
    host: str | None = None


class Bounce:
    """A message of the mail, by number: the mail itself, or one that is attached to it."""

    def __init__(self, mail: Mail, number: int, context: Context) -> None:
        self.headers = mail.messages[number].headers
        self._parts = mail.of(number)
        self._mail, self._number, self._context = mail, number, context

    @cached_property
    def report(self) -> DeliveryReport:
        """The first part that is a report and names a recipient; without one, what a report says of the message."""
        reports = [found for part in self._parts if (found := report_in(part.kind, part.text))]
        return next((report for report in reports if report.recipients), reports[0] if reports else _NO_REPORT)

    @cached_property
    def _inlined(self) -> Inlined:
        return inlined(before_report(words_of(self._mail, self._number)))

    @cached_property
    def text(self) -> str:
        """What a person would read of it, without the report and the original, and what is quoted of that."""
        return _QUOTE.sub("", _SUBJECT.sub("", self._inlined.text))

    @cached_property
    def original(self) -> Headers:
        return original_in(self._mail, self._number, self._inlined.headers)

    @property
    def message_id(self) -> str | None:
        return message_id_of(self.original, self.report.fields, self._mail.messages[0].headers, self._context)

    @cached_property
    def own_address(self) -> str | None:
        """The recipient that our return address names. It goes before all that others write."""
        return verp_recipient(self._mail.messages[0].headers, self.original, self._context)

    @cached_property
    def is_bounce(self) -> bool:
        return kinds.is_bounce(self.headers, self.text, has_original=bool(self.original))

    def reported(self) -> Iterator[Outcome]:
        """By its report."""
        alone = len(self.report.recipients) == 1
        for told in self.report.recipients:
            text = self._with_sentences(told, alone=alone)
            yield Outcome(
                to=(self.own_address if alone else None) or self._original_of(told, alone=alone),
                action=told.action or _action_of(told.status),
                text=text,
                status=told.status,
                host=told.host or words.host_in(text),
            )

    def in_words(self) -> Iterator[Outcome]:
        """By its sentences, and the header fields around them."""
        action = "delayed" if kinds.is_delay(self.headers, self.text) else "failed"
        named = [found.address for value in self.headers.all("x-failed-recipients") for found in addresses_in(value)]
        to_whom = [*written_to(self.original), *sent_to(self.original)]
        senders = senders_of(self.original, self.headers)
        failed = failed_in(self.text, named=named, sent_to=to_whom, senders=senders)
        if not failed and (to := self._only_recipient()):
            yield self._outcome(to, action, words.folded(self.text))
            return
        if not failed:  # whoever writes to himself
            failed = [one for one in failed_in(self.text, named=[], sent_to=[], senders=frozenset()) if one.is_certain]
        alone = len(failed) == 1
        for one in failed:
            to = one.original or (before_rewriting(one.to, self.original) if alone else one.to)
            host = words.host_in(one.text) or (words.host_in(self.text[:_HOST_WITHIN]) if alone else None)
            yield Outcome(to=(self.own_address if alone else None) or to, action=action, text=one.text, host=host)
        if not failed:
            yield self._outcome(None, action, words.folded(self.text))

    def _outcome(self, to: str | None, action: str, text: str) -> Outcome:
        return Outcome(to=to, action=action, text=text, host=words.host_in(text))

    def _only_recipient(self) -> str | None:
        """Whom the original was for, where that is one person: of several nobody knows which of them failed.

        Who got the bounce is nobody who failed, but for whoever writes to himself.
        """
        if self.own_address:
            return self.own_address
        ours = receivers_of(self.headers)
        for those in (written_to(self.original), sent_to(self.original)):
            if len(those) == 1:
                is_ours = those[0].casefold() in ours and (address_in(self.original.get("from")) or "") != those[0]
                return None if is_ours else those[0]
        return None

    @cached_property
    def _sentences(self) -> dict[str, Failed]:
        """What the text says of the recipients of the report."""
        named = [one for told in self.report.recipients for one in (told.final, told.original) if one]
        return {one.to.casefold(): one for one in failed_in(self.text, named=named, sent_to=[], senders=frozenset())}

    def _original_of(self, told: Told, *, alone: bool) -> str | None:
        if told.original:
            return told.original
        final = told.final or ""
        said = self._sentences.get(final.casefold()) if "d from" in self.text else None
        return (said and said.original) or (before_rewriting(final, self.original) if alone else final)

    def _with_sentences(self, told: Told, *, alone: bool) -> str:
        """The report's text; with what the comment and the sentences say beside it, where it gives a code and no reason."""
        text = words.folded(told.text)
        if not words.says_why(text):
            text = words.folded(f"{text} {told.comment}")
        said = [self._sentences.get((one or "").casefold()) for one in (told.final, told.original)]
        longest = max((one.text for one in said if one), key=len, default="")
        if words.says_why(text):
            answered = _BESIDE.search(words.folded(self.text if alone else longest))
            return f"{text} {answered[0]}" if answered and answered[0] not in text else text
        return words.folded(f"{text} {self.text if alone else longest}")


def _action_of(status: str | None) -> str:
    """Of a report that lacks its action: the class of the status says whether it was delivered."""
    return "delivered" if status and status.startswith("2") else "failed"


_SUBJECT = re.compile(
    r"(?im)^[ \t>*]{0,12}(?:(?:the )?subject(?: of the message is)?|betreff|objet|oggetto|asunto|assunto|onderwerp|тема|件名)"
    r"[ \t]{0,4}[:\uff1a].*$"
)
_BESIDE = re.compile(r"\(in reply to [^()]{1,60}\)|automatically rejected: .{1,200}")
"""What stands in the sentences alone. Postfix says there to which command the other server answered, and after DATA it is a
filter's answer; Dovecot (rejection_reason) says why there, and reports 5.1.1 or anything beside it."""
_QUOTE = re.compile(r"(?m)^[ \t]{0,8}>(?!>).*$")
"""As in an answer; the transcript of a session has three of these marks."""
_HOST_WITHIN = 4_000
_NO_REPORT = DeliveryReport(Headers([]), [])
