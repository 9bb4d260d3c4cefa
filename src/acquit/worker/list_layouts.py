"""How other systems write their lists: one row of LAYOUTS for each. All layouts live here.

A list that says "bounce" and no more is taken for mailboxes that are unknown.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from msgspec import Struct

from acquit.errors import AcquitError
from acquit.events import Hold
from acquit.suppression.keys import named

Row = Mapping[str, Any]
"""Columns, their names in lower case, as a file gives them."""

OWN = "acquit"
EVERYTHING = "*"
BOUNCE: Hold = "recipient_unknown"


def _everything(_row: Row) -> list[str]:
    return [EVERYTHING]


def _says_everything(scope: str) -> list[dict[str, Any]]:
    return [{}] if scope == EVERYTHING else []


def _nothing_wrong(_row: Row) -> None:
    pass


def iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _epoch(time: datetime) -> int:
    return int(time.timestamp())


class Layout(Struct, frozen=True):
    """Which column says what. `holds` are the words of the reason columns, joined by /; "" where the list itself says it."""

    source: str
    columns: tuple[str, ...]  # as export writes them
    address: str
    since: str
    holds: Mapping[str, Hold]
    reason: tuple[str, ...] = ()
    array: str | None = None  # where an answer of the provider's API has its rows
    bare: tuple[str, ...] = ()  # the columns of a CSV that has no header
    scopes: Callable[[Row], list[str]] = _everything
    says: Callable[[str], list[dict[str, Any]]] = _says_everything  # the rows by which it says a scope; none: it cannot
    check: Callable[[Row], None] = _nothing_wrong  # raises AcquitError for a row that must hold nobody
    time: Callable[[datetime], Any] = iso
    fixed: Mapping[str, Any] = {}  # columns that export gives always


def _sendgrid_bounce(row: Row) -> None:
    """SendGrid's list holds temporary failures, too, by its own page; `status` is the enhanced one."""
    if str(row.get("status") or "").startswith("4"):
        raise AcquitError("its status says a temporary failure")


def _mailgun_tags(row: Row) -> list[str]:
    """A tag is a list of ours: decode/mailgun.py. `*` is everything, and so is nothing."""
    tags = row.get("tags") or ""
    names = [str(tag) for tag in tags] if isinstance(tags, list) else [str(tags)]
    return [EVERYTHING if name.strip() in {"", "*"} else f"*:{named(name.strip())}" for name in names or [""]]


def _list_of(column: str) -> Callable[[str], list[dict[str, Any]]]:
    def says(scope: str) -> list[dict[str, Any]]:
        owner, _, name = scope.partition(":")
        return [{column: name or EVERYTHING}] if owner == EVERYTHING else []

    return says


def _sendgrid_group(row: Row) -> list[str]:
    """decode/sendgrid.py names a group by its number."""
    if not row.get("group_id"):
        raise AcquitError("group_id is missing")
    return [f"*:{named(str(row['group_id']))}"]


def _says_group(scope: str) -> list[dict[str, Any]]:
    owner, _, name = scope.partition(":")
    return [{"group_id": int(name)}] if owner == EVERYTHING and name.isdecimal() else []


def _sparkpost_type(row: Row) -> list[str]:
    """A person who wants no news may want receipts: what they or staff asked is of its type, or its list; else of them."""
    if str(row.get("source") or "").casefold() not in _SPARKPOST_OF_A_TYPE:
        return [EVERYTHING]
    if row.get("list_id"):
        return [f"*:{named(str(row['list_id']))}"]
    kind = str(row.get("type") or "").casefold()
    if kind not in _SPARKPOST_TYPES:
        raise AcquitError("type must be transactional or non_transactional")
    return [f"*:{kind}"]


_SPARKPOST_OF_A_TYPE = frozenset({"list unsubscribe", "unsubscribe link", "manually added"})
_SPARKPOST_TYPES = ("transactional", "non_transactional")


def _says_type(scope: str) -> list[dict[str, Any]]:
    """There everything is two entries."""
    if scope == EVERYTHING:
        return [{"type": kind} for kind in _SPARKPOST_TYPES]
    name = scope.removeprefix("*:")
    return [{"type": name}] if name in _SPARKPOST_TYPES else []


LAYOUTS: Mapping[str, Layout] = {
    "ses": Layout(
        source="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListSuppressedDestinations.html; the bare CSV and "
        "emailAddress,reason: https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html",
        columns=("EmailAddress", "Reason", "LastUpdateTime"), address="EmailAddress", since="LastUpdateTime",
        reason=("Reason",), holds={"BOUNCE": BOUNCE, "COMPLAINT": "complaint"},
        array="SuppressedDestinationSummaries", bare=("EmailAddress", "Reason"),
    ),
    "sendgrid-bounces": Layout(
        source="https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces",
        columns=("created", "email", "reason", "status"), address="email", since="created", time=_epoch,
        holds={"": BOUNCE}, check=_sendgrid_bounce, fixed={"reason": "", "status": ""},
    ),
    "sendgrid-unsubscribes": Layout(
        source="https://www.twilio.com/docs/sendgrid/api-reference/suppressions-global-suppressions/"
        "retrieve-all-global-suppressions",
        columns=("created", "email"), address="email", since="created", time=_epoch, holds={"": "stop"},
    ),
    "sendgrid-group-unsubscribes": Layout(
        source="https://www.twilio.com/docs/sendgrid/api-reference/suppressions-suppressions/retrieve-all-suppressions",
        columns=("email", "group_id", "created_at"), address="email", since="created_at", time=_epoch,
        holds={"": "stop"}, scopes=_sendgrid_group, says=_says_group,
    ),
    "sendgrid-spam-reports": Layout(
        source="https://www.twilio.com/docs/sendgrid/api-reference/spam-reports-api/retrieve-all-spam-reports",
        columns=("created", "email", "ip"), address="email", since="created", time=_epoch, holds={"": "complaint"},
        fixed={"ip": ""},
    ),
    "mailgun-bounces": Layout(
        source="https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces",
        columns=("address", "code", "error", "created_at"), address="address", since="created_at", array="items",
        time=format_datetime, holds={"": BOUNCE}, fixed={"code": "550", "error": ""},
    ),
    "mailgun-unsubscribes": Layout(
        source="https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/unsubscribe",
        columns=("address", "tags", "created_at"), address="address", since="created_at", array="items",
        time=format_datetime, holds={"": "stop"}, scopes=_mailgun_tags, says=_list_of("tags"),
    ),
    "mailgun-complaints": Layout(
        source="https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/complaints",
        columns=("address", "created_at"), address="address", since="created_at", array="items",
        time=format_datetime, holds={"": "complaint"},
    ),
    "postmark": Layout(
        source="https://postmarkapp.com/developer/api/suppressions-api (a dump is of one message stream: --scope '*:NAME')",
        columns=("EmailAddress", "SuppressionReason", "Origin", "CreatedAt"), address="EmailAddress", since="CreatedAt",
        reason=("SuppressionReason", "Origin"), array="Suppressions",
        holds={
            "HardBounce/Recipient": BOUNCE, "HardBounce/Customer": BOUNCE, "HardBounce/Admin": BOUNCE,
            "SpamComplaint/Recipient": "complaint", "SpamComplaint/Customer": "complaint",
            "SpamComplaint/Admin": "complaint",
            "ManualSuppression/Recipient": "stop", "ManualSuppression/Customer": "manual",
            "ManualSuppression/Admin": "manual",
        },
    ),
    "sparkpost": Layout(
        source="https://developers.sparkpost.com/api/suppression-list/",
        columns=("recipient", "type", "source", "description", "created"), address="recipient", since="created",
        reason=("source",), array="results",
        holds={
            "Bounce Rule": BOUNCE, "Spam Complaint": "complaint", "List Unsubscribe": "stop", "Unsubscribe Link": "stop",
            "Manually Added": "manual", "Compliance": "legal",
        },
        scopes=_sparkpost_type, says=_says_type, fixed={"description": ""},
    ),
}  # fmt: skip
