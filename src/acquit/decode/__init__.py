"""Provider bytes to Reports: one module a provider, and this one explicit registry.

A decoder reads the provider's own callback body as it came and yields what it says: Reports (to be explained), Replies (to
be read for STOP and START), events that are canonical already, what it knows to be Ignored, and Undecodable for one event
among several that it cannot read. A body that it cannot read at all raises Undecodable, and it raises nothing else. It
never guesses.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from acquit.decode import (
    arf,
    aws_sms,
    bandwidth,
    brevo,
    canonical,
    clicksend,
    dsn,
    infobip,
    kannel,
    mailersend,
    mailgun,
    mailjet,
    mandrill,
    messagebird,
    plivo,
    postmark,
    rbm,
    resend,
    sendgrid,
    ses,
    sinch,
    smpp,
    smsmode,
    smtp,
    sparkpost,
    telnyx,
    twilio,
    vonage,
    whatsapp,
)
from acquit.decode.context import Context
from acquit.decode.fields import Decoded

__all__ = ["DECODERS", "Context", "Decode", "Decoded"]

Decode: TypeAlias = Callable[[bytes, Context], Iterable[Decoded]]

DECODERS: Mapping[str, Decode] = {
    "arf": arf.decode,
    "aws_sms": aws_sms.decode,
    "bandwidth": bandwidth.decode,
    "brevo": brevo.decode,
    "canonical": canonical.decode,
    "clicksend": clicksend.decode,
    "dsn": dsn.decode,
    "infobip": infobip.decode,
    "kannel": kannel.decode,
    "mailersend": mailersend.decode,
    "mailgun": mailgun.decode,
    "mailjet": mailjet.decode,
    "mandrill": mandrill.decode,
    "messagebird": messagebird.decode,
    "plivo": plivo.decode,
    "postmark": postmark.decode,
    "rbm": rbm.decode,
    "resend": resend.decode,
    "sendgrid": sendgrid.decode,
    "ses": ses.decode,
    "sinch": sinch.decode,
    "smpp": smpp.decode,
    "smsmode": smsmode.decode,
    "smtp": smtp.decode,
    "sparkpost": sparkpost.decode,
    "telnyx": telnyx.decode,
    "twilio": twilio.decode,
    "vonage": vonage.decode,
    "whatsapp": whatsapp.decode,
}
