"""For senders: may this address be sent to? It needs redis-py and what makes an address canonical, nothing of a worker's.

    from acquit.client import SuppressionList

    suppressed = SuppressionList.from_url("redis://127.0.0.1:6379/0", open_streams={"otp"})
    if suppressed.may_send("sms", "+33612345678", account="acme", stream="marketing"):
        ...

No answer is an answer, too: `may_send` raises for nothing that Redis does. docs/senders.md says what it answers when.
"""

from acquit.client.answers import Answer, Entry, Trouble
from acquit.client.lists import AsyncSuppressionList, SuppressionList, patience

__all__ = ["Answer", "AsyncSuppressionList", "Entry", "SuppressionList", "Trouble", "patience"]
