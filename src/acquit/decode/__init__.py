"""Provider bytes to Reports: one module a provider, and this one explicit registry.

A decoder reads the provider's own callback body as it came and yields what it says: Reports (to be explained), Replies (to
be read for STOP and START), or events that are canonical already. It raises Undecodable and nothing else, and never
guesses.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from acquit.decode import canonical, clicksend, ses, smpp, twilio, whatsapp
from acquit.decode.context import Context
from acquit.events import Event, Reply, Report

__all__ = ["DECODERS", "Context", "Decode", "Decoded"]

Decoded: TypeAlias = Report | Reply | Event
Decode: TypeAlias = Callable[[bytes, Context], Iterable[Decoded]]

DECODERS: Mapping[str, Decode] = {
    "canonical": canonical.decode,
    "clicksend": clicksend.decode,
    "ses": ses.decode,
    "smpp": smpp.decode,
    "twilio": twilio.decode,
    "whatsapp": whatsapp.decode,
}
