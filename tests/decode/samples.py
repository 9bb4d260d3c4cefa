"""The samples: payloads as providers send them, and what each says. `python -m tests.decode.samples` writes what is missing.

samples/<provider>/<case>.<ext>          the payload
samples/<provider>/<case>.context.json   what is known beside it, if anything
samples/<provider>/<case>.expected.json  what it says; {"refused": reason} if it cannot be read at all

What it says is one object or a list of them, each with one of these keys: `report` (and `means`: what our rules make of it),
`reply`, `submit`, `receipt`, `engagement`, `command`, `ignored` (the kind) or `refused` (the reason).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from acquit.decode import DECODERS, Context, Decoded
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report
from acquit.normalise import normalise_report
from acquit.pipeline import judge_report
from acquit.rules import Rules
from tests.builders import shipped_rules

FOLDER = Path(__file__).parent.parent / "samples"
ARRIVED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_MEANING = ("status", "category", "sub_reason", "permanence", "action", "rule")


class Sample(NamedTuple):
    provider: str
    case: str
    body: bytes
    context: Context

    @property
    def expected(self) -> Path:
        return FOLDER / self.provider / f"{self.case}.expected.json"

    @property
    def is_refused(self) -> bool:
        said = orjson.loads(self.expected.read_bytes())
        return isinstance(said, dict) and "refused" in said


def samples() -> list[Sample]:
    found = []
    for path in sorted(path for provider in DECODERS for path in (FOLDER / provider).iterdir()):
        if not path.name.endswith((".expected.json", ".context.json")):
            context = path.with_name(f"{path.stem}.context.json")
            known = msgspec.json.decode(context.read_bytes(), type=Context) if context.exists() else Context()
            found.append(Sample(path.parent.name, path.stem, path.read_bytes(), known))
    return found


def decoded(provider: str, body: bytes, context: Context) -> list[Decoded] | Undecodable:
    try:
        return list(DECODERS[provider](body, context))
    except Undecodable as error:
        return error


def told(said: list[Decoded] | Undecodable, rules: Rules) -> Any:
    """What was decoded, in the form of an `.expected.json`."""
    if isinstance(said, Undecodable):
        return {"refused": said.reason}
    items = [_item(one, rules) for one in said]
    return items[0] if len(items) == 1 else items


def _item(said: Decoded, rules: Rules) -> dict[str, Any]:
    if isinstance(said, Undecodable):
        return {"refused": said.reason}
    if isinstance(said, Ignored):
        return {"ignored": said.kind}
    fields = {name: value for name in said.__struct_fields__ if (value := getattr(said, name)) is not None}
    if isinstance(said, Report):
        meaning = _meaning(said, rules)
        del fields["provider"]
        return {"report": fields, "means": meaning}
    if isinstance(said, Reply):
        del fields["provider"]
        return {"reply": _without(fields, text="")}
    built: dict[str, Any] = msgspec.to_builtins(said)
    return {built.pop("kind"): built}


def _meaning(report: Report, rules: Rules) -> dict[str, Any]:
    try:
        receipt = judge_report(normalise_report(report, received_at=ARRIVED), ARRIVED, None, rules)
    except Undecodable as error:
        return {"refused": str(error)}
    values = {name: getattr(receipt, name) for name in _MEANING}
    return _without(values, category=None, sub_reason=None, permanence="none", action="none")


def _without(fields: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in defaults or value != defaults[name]}


def write_missing(cases: Iterable[Sample]) -> None:
    """Write the expectation of each sample that has none, from what the decoder says now: to be read by a person."""
    rules = shipped_rules()
    for sample in cases:
        if not sample.expected.exists():
            said = told(decoded(sample.provider, sample.body, sample.context), rules)
            options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
            sample.expected.write_bytes(orjson.dumps(said, option=options))
            print(f"wrote {sample.expected.relative_to(FOLDER)}: read it before you commit it")  # noqa: T201 -- a tool


if __name__ == "__main__":
    write_missing(samples())
