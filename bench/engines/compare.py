"""Every engine over the same events: how fast, at what cost, and what is left of its counts after `kill -9` in the middle."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.engines.child import Run
from bench.engines.load import Difference, Written, first, written
from bench.engines.others import OTHERS
from bench.engines.ours import Acquit
from bench.engines.topic import Engine, Topic, on_kafka
from bench.stage import Stage

ENGINES: tuple[Engine, ...] = (Acquit(), *OTHERS)
Say = Callable[[str], None]


@dataclass
class Outcome:
    """What came of an engine. `why` is said where it could not be run, and then it is left out."""

    title: str
    runs: list[Run] = field(default_factory=list)
    differences: list[Difference | None] = field(default_factory=list)
    after_crash: Difference | None = None
    why: str | None = None


@dataclass
class Comparison:
    """Outcomes by title; `loads` are the machine's load averages before each round."""

    events: int
    slow_events: int
    event_bytes: float
    outcomes: dict[str, Outcome] = field(
        default_factory=lambda: {engine.title: Outcome(engine.title) for engine in ENGINES}
    )
    loads: list[float] = field(default_factory=list)


def compare(stage: Stage, rounds: int, records: int, slow_records: int, say: Say) -> Comparison:
    """All engines in every round, one after the other; then each once more, killed in the middle."""
    many = written(records)
    few = first(many, slow_records)
    size = sum(len(record.value or b"") for record in many.records) / len(many.records)
    found = Comparison(len(many.records), len(few.records), size)

    def run(engine: Engine, outcome: Outcome, topic: Topic) -> str:
        once, difference = engine.run(topic)
        outcome.runs.append(once)
        outcome.differences.append(difference)
        return f"{once.per_second:,.0f}/s, {once.cpu_per_million:.1f} CPU s per million, counts: {difference}"

    def crash(engine: Engine, outcome: Outcome, topic: Topic) -> str:
        outcome.after_crash = engine.crash(topic)
        return f"after kill -9: {outcome.after_crash}"

    for _ in range(rounds):
        found.loads.append(os.getloadavg()[0])
        _each(stage, (many, few), found.outcomes, run, say)
    _each(stage, (many, few), found.outcomes, crash, say)
    return found


def _each(
    stage: Stage, sizes: tuple[Written, Written], outcomes: Mapping[str, Outcome],
    act: Callable[[Engine, Outcome, Topic], str], say: Say,
) -> None:  # fmt: skip
    with on_kafka(stage, sizes[0]) as topic, on_kafka(stage, sizes[1]) as short:
        for engine in ENGINES:
            outcome = outcomes[engine.title]
            if outcome.why is not None:
                continue
            try:
                say(f"{engine.title}: {act(engine, outcome, short if engine.is_slow else topic)}")
            except (RuntimeError, OSError) as error:  # a package that cannot be had, an engine that does not end
                outcome.why = str(error).partition("\n")[0]
                say(f"{engine.title} is left out: {error}")
