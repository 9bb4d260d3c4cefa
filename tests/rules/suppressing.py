"""Who is suppressed by the shipped rows, one line for each. `python -m tests.rules.suppressing` writes suppressing.txt.

A line is a row of codes/ or statuses/, or a pattern, and the rule of policy.toml that its failure meets first. A change of
this file is a change of whom we silence: read it as such.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from acquit.events import Channel
from acquit.rules import CodeRow, Rules, StatusRow, load
from acquit.rules.patterns import PatternRule

LISTED = Path(__file__).with_name("suppressing.txt")
_MAIL: tuple[Channel, ...] = ("email",)
_MOBILE: tuple[Channel, ...] = ("sms", "whatsapp", "rcs")
CHANNELS: Mapping[str, tuple[Channel, ...]] = {
    "arf": _MAIL, "dsn": _MAIL, "enhanced": _MAIL, "reply": _MAIL, "smtp": _MAIL,
    "brevo": _MAIL, "mailersend": _MAIL, "mailgun": _MAIL, "mailjet": _MAIL, "mandrill": _MAIL, "postmark": _MAIL,
    "resend": _MAIL, "sendgrid": _MAIL, "ses": _MAIL, "sparkpost": _MAIL, "messagebird": (*_MOBILE, *_MAIL),
}  # fmt: skip
"""The channels of a table's provider, where they are others than those of a telephone."""


def suppressing(rules: Rules) -> list[str]:
    """The rows that suppress, by table and then in the order of its file; patterns at the end, in theirs."""
    return [
        f"{row.id.replace(':', ' ', 2)} -> {'/'.join(met)}"
        for name in sorted({*rules.statuses, *rules.codes})
        for row in rows_of(rules, name)
        if (met := _met(row, rules, CHANNELS.get(name, _MOBILE)))
    ] + [
        f"{row.id.replace(':', ' ', 2)} -> {'/'.join(met)}"
        for row in rules.patterns
        if (met := _met(row, rules, _MAIL))
    ]


def listed(lines: list[str]) -> str:
    """The list as a file, with an empty line between providers."""
    text = ""
    for before, line in zip(["", *lines], lines, strict=False):
        is_next = bool(before) and before.split(" ")[0] != line.split(" ")[0]
        text += f"\n{line}\n" if is_next else f"{line}\n"
    return text


def rows_of(rules: Rules, name: str) -> Iterator[StatusRow | CodeRow]:
    yield from rules.statuses.get(name, {}).values()
    for rows in rules.codes.get(name, {}).values():
        yield from rows


def _met(row: StatusRow | CodeRow | PatternRule, rules: Rules, channels: tuple[Channel, ...]) -> list[str]:
    """The rules that the row's failure meets, one for each channel at most, in the order of the policy."""
    if row.category is None:
        return []
    code = _code(row) if isinstance(row, CodeRow) else None
    first = {
        next(
            (rule.id for rule in rules.policy if rule.matches(channel, row.category, row.permanence, code, row.id)),
            None,
        )
        for channel in channels
    }
    return [rule.id for rule in rules.policy if rule.id in first]


def _code(row: CodeRow) -> str:
    code = row.id.split(":", 2)[2]
    return code[: -len(row.words) - 1] if row.words else code


if __name__ == "__main__":
    LISTED.write_text(listed(suppressing(load())), encoding="utf-8")
    print(f"wrote {LISTED.name}: read what changed in it")  # noqa: T201 -- a tool
