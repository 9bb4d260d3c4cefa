"""The list as a file: what `export` writes, `import` reads. CSV with a header, or JSON objects, one a line.

Columns: channel, address, scope (`*`), reason (a category, stop, manual, legal), since (now), until. `until` is a time,
`forever`, or empty: then a failure holds as the policy says, and everything else until it is lifted.
"""

import csv
import io
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from msgspec import Struct

from acquit.address import canonical
from acquit.effects import SuppressionRecord, read_suppression
from acquit.errors import AcquitError
from acquit.events import EARLIEST, HOLDS, LATEST, Command, Hold
from acquit.rules.policy import PolicyRule
from acquit.suppression.judge import ADDED
from acquit.suppression.keys import SCOPE, SCOPES, is_hashed
from acquit.worker.list_view import known_channel
from acquit.worker.log_reader import last_values
from acquit.worker.settings import Settings

COLUMNS = ("channel", "address", "scope", "reason", "since", "until")
NEEDED = ("channel", "address")
FOREVER = "forever"
_AHEAD = timedelta(days=1)


class BadLine(Struct, frozen=True):
    """A line that says nothing that can be held. `why` never repeats an address."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


class Listed(Struct, frozen=True):
    """The commands of a file, and its lines that are none."""

    commands: list[Command]
    bad: list[BadLine]


def read(
    text: str, policy: Sequence[PolicyRule], *, by: str, why: str, now: datetime, reason: Hold | None = None
) -> Listed:
    """Every line as a command to import; `reason` is of lines that give none. Raises AcquitError for a header that is wrong."""
    rows = _json_rows(text) if text.lstrip()[:1] == "{" else _csv_rows(text)
    commands, bad = [], []
    for line, row in rows:
        if isinstance(row, str):
            bad.append(BadLine(line, row))
            continue
        try:
            commands.append(_command(row, policy, by=by, why=why, now=now, reason=reason))
        except AcquitError as error:
            bad.append(BadLine(line, getattr(error, "detail", str(error)).removeprefix("$.to: ")))
    return Listed(commands, bad)


async def truth(settings: Settings, *, now: datetime) -> AsyncIterator[tuple[str, str, SuppressionRecord]]:
    """Recipient, scope and entry of all that holds now, from the truth; in the order of the addresses."""
    parts = await last_values(settings, settings.topic("suppressions"))
    last = {key: value for part in parts.values() for key, value in part.items()}
    for key in sorted(last):
        entry = read_suppression(last[key])
        if entry.until is None or entry.until > now:
            recipient, _, scope = key.decode().rpartition("/")
            yield recipient, scope, entry


def row_of(recipient: str, scope: str, entry: SuppressionRecord) -> dict[str, str]:
    channel, _, address = recipient.partition(":")
    until = FOREVER if entry.until is None else _shown(entry.until)
    return dict(zip(COLUMNS, (channel, address, scope, entry.reason, _shown(entry.since), until), strict=True))


def csv_line(values: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(values)
    return written.getvalue()


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    csv.field_size_limit(min(sys.maxsize, 1 << 20))
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    _check_columns(header)
    for values in reader:
        if not values:
            continue
        if len(values) > len(header):
            yield reader.line_num, f"has {len(values)} fields, and the header {len(header)}"
        else:
            yield reader.line_num, dict(zip(header, values, strict=False))


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _json_row(line)


def _json_row(line: str) -> dict[str, str] | str:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "is not JSON"
    if not isinstance(row, dict) or not all(isinstance(value, str | None) for value in row.values()):
        return "is no object of strings"
    try:
        _check_columns(list(row))
    except AcquitError as error:
        return str(error)
    return {name: value or "" for name, value in row.items()}


def _check_columns(names: Sequence[str]) -> None:
    if missing := [name for name in NEEDED if name not in names]:
        raise AcquitError(f"no column {missing[0]}: there may be {', '.join(COLUMNS)}")
    if unknown := [name for name in names if name not in COLUMNS]:
        place = list(names).index(unknown[0]) + 1
        raise AcquitError(f"column {place} is none of {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise AcquitError("a column is there twice")


def _command(
    row: Mapping[str, str], policy: Sequence[PolicyRule], *, by: str, why: str, now: datetime, reason: Hold | None
) -> Command:
    found = {name: value.strip() for name, value in row.items()}
    channel = known_channel(found["channel"])
    if is_hashed(f"{channel}:{found['address']}"):
        raise AcquitError("the address is a hash: only the ledger that wrote it knows whose")
    to = canonical(channel, found["address"])
    hold, scope = found.get("reason") or reason, found.get("scope") or "*"
    if hold not in HOLDS:
        raise AcquitError(f"reason must be a category, stop, manual or legal{'' if hold else ', and is missing'}")
    if not SCOPE.fullmatch(scope):
        raise AcquitError(f"scope must be {SCOPES}")
    since = _since(found.get("since", ""), now)
    until = _until(found.get("until", ""), hold, now)
    if hold not in ADDED and until is None:
        _check_policy(policy, channel, hold, scope)
    return Command(
        name="import", to=to, channel=channel, at=since, by=by, reason=why, scope=scope, until=until, hold=hold
    )


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
    if not any(rule.matches(channel, hold, "permanent", None) and not rule.is_counting for rule in policy):
        raise AcquitError(f"the policy holds nobody on {channel} at once for {hold}: say until when")
    if scope != "*":
        raise AcquitError("without until the policy says in which scope a failure holds: scope must be * or empty")


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
