"""The list as a file of our own: what `export` writes, `import` reads.

Columns: channel, address, scope (`*`), reason (a category, stop, manual, legal), since (now), until. `until` is a time,
`forever`, or empty: then a failure holds as the policy says, and everything else until it is lifted.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from acquit.address import canonical
from acquit.effects import SuppressionRecord
from acquit.errors import AcquitError
from acquit.events import EARLIEST, HOLDS, LATEST, Command, Hold
from acquit.rules.policy import PolicyRule
from acquit.suppression.judge import ADDED
from acquit.suppression.keys import SCOPE, SCOPES, is_hashed
from acquit.worker.list_view import known_channel

COLUMNS = ("channel", "address", "scope", "reason", "since", "until")
NEEDED = ("channel", "address")
FOREVER = "forever"
_AHEAD = timedelta(days=1)


class Asked(Struct, frozen=True):
    """What is true of a whole import: who asks, why, since when what has no time, for what and where what does not say it."""

    by: str
    why: str
    now: datetime
    hold: Hold | None = None
    scope: str = "*"


def row_of(recipient: str, scope: str, entry: SuppressionRecord) -> dict[str, str]:
    channel, _, address = recipient.partition(":")
    until = FOREVER if entry.until is None else _shown(entry.until)
    return dict(zip(COLUMNS, (channel, address, scope, entry.reason, _shown(entry.since), until), strict=True))


def check_columns(names: Sequence[str]) -> None:
    """Raises AcquitError."""
    if missing := [name for name in NEEDED if name not in names]:
        raise AcquitError(f"no column {missing[0]}: there may be {', '.join(COLUMNS)}")
    if unknown := [name for name in names if name not in COLUMNS]:
        place = list(names).index(unknown[0]) + 1
        raise AcquitError(f"column {place} is none of {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise AcquitError("a column is there twice")


def check_values(row: Mapping[str, Any]) -> None:
    """Raises AcquitError. Of a JSON row."""
    if not all(isinstance(value, str | None) for value in row.values()):
        raise AcquitError("is no object of strings")


def command_of(row: Mapping[str, str | None], policy: Sequence[PolicyRule], asked: Asked) -> Command:
    """A row as a command to import. Raises AcquitError, which never repeats an address."""
    found = {name: (value or "").strip() for name, value in row.items()}
    channel = known_channel(found["channel"])
    if is_hashed(f"{channel}:{found['address']}"):
        raise AcquitError("the address is a hash: only the ledger that wrote it knows whose")
    to = canonical(channel, found["address"])
    hold = found.get("reason") or asked.hold
    if hold not in HOLDS:
        raise AcquitError(f"reason must be a category, stop, manual or legal{'' if hold else ', and is missing'}")
    since = _since(found.get("since", ""), asked.now)
    until = _until(found.get("until", ""), hold, asked.now)
    is_by_policy = hold not in ADDED and until is None
    scope = found.get("scope") or ("*" if is_by_policy else asked.scope)
    if not SCOPE.fullmatch(scope):
        raise AcquitError(f"scope must be {SCOPES}")
    if is_by_policy:
        _check_policy(policy, channel, hold, scope)
    return Command(
        name="import",
        to=to,
        channel=channel,
        at=since,
        by=asked.by,
        reason=asked.why,
        scope=scope,
        until=until,
        hold=hold,
    )


def is_over(command: Command, policy: Sequence[PolicyRule], now: datetime) -> bool:
    """Whether it is so old a failure that it holds nobody any more."""
    if command.hold is None or command.hold in ADDED or command.until is not None:
        return False
    rule = _rule(policy, command.channel, command.hold)
    days = rule.hold_days[0] if rule else None
    return days is not None and command.at + timedelta(days=days) <= now


def _since(text: str, now: datetime) -> datetime:
    since = _time("since", text) if text else now
    if not EARLIEST <= since <= now + _AHEAD:
        raise AcquitError("since must be after 2000, and not in the future")
    return since


def _until(text: str, hold: Hold, now: datetime) -> datetime | None:
    if not text:
        return None
    if hold in ADDED and hold != "manual":
        if text != FOREVER:
            raise AcquitError(f"{hold} never expires: until must be {FOREVER} or empty")
        return None
    if text == FOREVER:
        return LATEST if hold != "manual" else None
    until = _time("until", text)
    if not now < until <= LATEST:
        raise AcquitError("until is over already, or after 2100")
    return until


def _check_policy(policy: Sequence[PolicyRule], channel: str, hold: str, scope: str) -> None:
    """What would hold nobody must not look as if it did."""
    if _rule(policy, channel, hold) is None:
        raise AcquitError(f"the policy holds nobody on {channel} at once for {hold}: say until when")
    if scope != "*":
        raise AcquitError("without until the policy says in which scope a failure holds: scope must be * or empty")


def _rule(policy: Sequence[PolicyRule], channel: str, hold: str) -> PolicyRule | None:
    """What one permanent failure is held by at once."""
    found = (rule for rule in policy if rule.matches(channel, hold, "permanent", None, "") and not rule.is_counting)
    return next(found, None)


def _time(name: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise AcquitError(f"{name} must be a time such as 2026-11-22T09:00:00Z")
    return time.astimezone(UTC)


def _shown(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
