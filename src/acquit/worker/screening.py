"""`acquit screen`: a contact list in, a clean list and its rejects out, in batches that bound what is in memory."""

import asyncio
import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from acquit.client import Entry
from acquit.events import Channel
from acquit.rules.domains import load_domains
from acquit.screening.layout import Layout, guess
from acquit.screening.mailbox import is_role, read_mailbox
from acquit.screening.numbers import read_number
from acquit.screening.rows import Rows
from acquit.screening.slips import Slips
from acquit.screening.verdicts import REASONS, Reject, Row, Screen, Verdict
from acquit.worker.contact_file import Contacts, Replacement, readable
from acquit.worker.list_lookup import Asked, held
from acquit.worker.mail_domains import FAILED, MailDomains
from acquit.worker.waiting import backoff, is_passing, pause

BATCH_ROWS = 5_000
LOOK_UP_TRIES = 5
COLUMNS = ("line", "reason", "detail", "suggestion")
"""What stands before each row in the file of rejects."""
WARNINGS = ("role_address", "dns_failed")
_NEWLINE = "\n"


class Wanted(Struct, frozen=True):
    """How a list is to be screened. Without `asked` nobody asks the suppression list, and without `domains` no DNS."""

    clean: Path
    rejects: Path
    channel: Channel | None = None
    column: str | None = None
    region: str | None = None
    trusted: tuple[str, ...] = ()
    list_redis: Redis | None = None
    asked: Asked | None = None
    domains: MailDomains | None = None


class Summary(Struct):
    """What became of the list. `warnings` count rows that stay in the clean list."""

    layout: Layout
    encoding: str
    region: str | None
    is_list_asked: bool
    is_dns_asked: bool
    rows: int
    clean: int
    rejects: dict[str, int]
    suggestions: int
    warnings: dict[str, int]
    blank_lines: int
    seconds: float


async def screen(contacts: Contacts, wanted: Wanted, *, progress: Callable[[int], None]) -> Summary:
    """Write both files, or none. `progress` is told the bytes read. Raises BadList, BadRules, NotReady and RedisError."""
    begun = time.monotonic()
    layout = guess(contacts.sample, channel=wanted.channel, column=wanted.column)
    rows = Rows(contacts.lines(), layout)
    tally = Counter[str]()
    asking = _Asking(layout.channel, wanted, tally)
    with readable(), Replacement(wanted.clean) as clean, Replacement(wanted.rejects) as rejects:
        writing = _Writing(clean, rejects, layout, tally)
        found = iter(rows)
        writing.begin(contacts.mark.decode("latin-1"), rows.header)
        take = partial(_judged, found, Screen(layout.channel, _reading(layout.channel, wanted)))
        batch, verdicts = await asyncio.to_thread(take)
        while batch:
            # Redis answers for this batch while the next is read: a third of the time.
            answers, following = await asyncio.gather(asking.answered(verdicts), asyncio.to_thread(take))
            writing.write(batch, answers)
            batch, verdicts = following
            progress(contacts.read_bytes())
    return Summary(
        layout=layout,
        encoding=f"Latin-1 in {rows.not_utf8} rows, else UTF-8" if rows.not_utf8 else "UTF-8",
        region=wanted.region,
        is_list_asked=wanted.asked is not None,
        is_dns_asked=wanted.domains is not None,
        rows=tally["rows"],
        clean=tally["rows"] - sum(tally[reason] for reason in REASONS),
        rejects={reason: tally[reason] for reason in REASONS if tally[reason]},
        suggestions=tally["suggestions"],
        warnings={name: tally[name] for name in WARNINGS if tally[name]},
        blank_lines=rows.blank,
        seconds=time.monotonic() - begun,
    )


def _judged(rows: Iterator[Row], screen: Screen) -> tuple[list[Row], list[Verdict]]:
    batch = list(islice(rows, BATCH_ROWS))
    return batch, screen.judge(batch)


class _Asking:
    """What DNS and the list say of those who may be clean as far as the rows tell."""

    def __init__(self, channel: Channel, wanted: Wanted, tally: Counter[str]) -> None:
        self._channel, self._wanted, self._tally = channel, wanted, tally

    async def answered(self, verdicts: list[Verdict]) -> list[Verdict]:
        if self._channel == "email" and self._wanted.domains is not None:
            verdicts = await self._with_dns(verdicts, self._wanted.domains)
        if self._wanted.asked is not None:
            verdicts = await self._with_list(verdicts, self._wanted.asked)
        return verdicts

    async def _with_dns(self, verdicts: list[Verdict], domains: MailDomains) -> list[Verdict]:
        wrong = await domains.wrong(_domain(found) for found in verdicts if isinstance(found, str))
        for place, found in enumerate(verdicts):
            why = wrong.get(_domain(found)) if isinstance(found, str) else None
            if why == FAILED:
                self._tally["dns_failed"] += 1
            elif why is not None:
                verdicts[place] = Reject("no_such_domain", why)
        return verdicts

    async def _with_list(self, verdicts: list[Verdict], asked: Asked) -> list[Verdict]:
        who = {f"{self._channel}:{found}": place for place, found in enumerate(verdicts) if isinstance(found, str)}
        for recipient, entries in (await self._held(list(who), asked)).items():
            verdicts[who[recipient]] = Reject("suppressed", "; ".join(map(_told, entries)))
        return verdicts

    async def _held(self, recipients: Sequence[str], asked: Asked) -> dict[str, Sequence[Entry]]:
        """A server that is away for a moment does not end a run of an hour."""
        assert self._wanted.list_redis is not None
        for seconds in islice(backoff(), LOOK_UP_TRIES):
            try:
                return await held(self._wanted.list_redis, recipients, asked)
            except (RedisError, OSError) as error:
                if not is_passing(error):
                    raise
            await pause(seconds)
        return await held(self._wanted.list_redis, recipients, asked)


class _Writing:
    """The two files: rows as they came, and before each reject why it is one."""

    def __init__(self, clean: Replacement, rejects: Replacement, layout: Layout, tally: Counter[str]) -> None:
        self._clean, self._rejects, self._tally = clean, rejects, tally
        self._is_email = layout.channel == "email"
        self._is_plain = layout.delimiter is None
        self._delimiter = layout.delimiter or ","

    def begin(self, mark: str, header: str) -> None:
        """The byte order mark, and the header; without one the rejects have one of their own."""
        self._clean.write([mark, header])
        self._rejects.write([mark, self._line(COLUMNS, header or "row")])

    def write(self, batch: Sequence[Row], verdicts: Sequence[Verdict]) -> None:
        clean, rejects = [], []
        for row, verdict in zip(batch, verdicts, strict=True):
            if isinstance(verdict, str):
                self._tally["role_address"] += self._is_email and is_role(verdict)
                clean.append(row.raw)
                continue
            self._tally[verdict.reason] += 1
            self._tally["suggestions"] += bool(verdict.suggestion)
            suggestion = verdict.suggestion.encode().decode("latin-1")
            rejects.append(self._line((str(row.line), verdict.reason, verdict.detail, suggestion), row.raw))
        self._tally["rows"] += len(batch)
        self._clean.write(clean)
        self._rejects.write(rejects)

    def _line(self, fields: Sequence[str], raw: str) -> str:
        """In CSV the row itself follows, byte for byte; a bare address may have to be quoted."""
        written = io.StringIO()
        writer = csv.writer(written, delimiter=self._delimiter, lineterminator="")
        row = raw.rstrip("\r\n")
        writer.writerow([*fields, row] if self._is_plain else fields)
        if self._is_plain:
            return f"{written.getvalue()}{raw[len(row) :] or _NEWLINE}"
        return f"{written.getvalue()}{self._delimiter}{raw}{'' if len(row) < len(raw) else _NEWLINE}"


def _reading(channel: Channel, wanted: Wanted) -> Callable[[str], Verdict]:
    if channel == "email":
        return partial(read_mailbox, slips=Slips(load_domains(wanted.trusted)))
    return partial(read_number, channel=channel, region=wanted.region)


def _told(entry: Entry) -> str:
    since = f", since {entry.since:%Y-%m-%d}" if entry.since else ""
    rule = f", by rule {entry.rule}" if entry.rule else ""
    return f"{entry.reason}{since}{rule}, scope {entry.scope}"


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2]
