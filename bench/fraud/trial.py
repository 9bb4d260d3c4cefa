"""One world, judged day by day: what was said of whom, against the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from acquit import columns
from acquit.columns import PLACE
from acquit.routes.judge import judge
from acquit.routes.streams import WINDOWS, Evidence, Key
from acquit.routes.verdict import Standing, Verdict
from acquit.simulate.world.laws import STREAMS, WARM_UP_DAYS
from acquit.simulate.world.tallies import Drawn
from bench.fraud import naive


@dataclass
class Trial:
    """What a world brought: of its liars, and of all others."""

    liars: int = 0
    found_day: list[int | None] = field(default_factory=list)  # days after the fraud began, by liar; None: not found
    found_messages: list[int | None] = field(default_factory=list)  # that the place had had since then
    suspect_day: list[int | None] = field(default_factory=list)
    shares: list[tuple[float, float, float, float]] = field(default_factory=list)  # low, estimate, high, truth
    named: list[str] = field(default_factory=list)  # supplier or operator
    route_days: int = 0  # of others
    false_days: int = 0
    false_suspect_days: int = 0
    touched_days: int = 0  # of honest places in trouble
    touched_false: int = 0
    touched_suspect: int = 0
    naive_day: dict[str, list[int | None]] = field(default_factory=dict)
    naive_false: dict[str, int] = field(default_factory=dict)
    naive_touched: dict[str, int] = field(default_factory=dict)
    sentence: str = ""
    worst: str = ""


def evidence_of(drawn: Drawn, day: int) -> Evidence:
    keys = [
        Key("sms", r.supplier.name, r.supplier.name, r.carrier.mccmnc, r.carrier.country.code, stream.name)
        for r in drawn.world.routes
        for stream in STREAMS
    ]
    return Evidence(keys, {length: _window(drawn, day, length) for length in WINDOWS})


def _window(drawn: Drawn, day: int, length: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    first = max(0, day - length + 1)
    return np.asarray(drawn.counts[:, :, first : day + 1].sum(axis=2).reshape(-1, columns.WIDTH))


def judged_days(drawn: Drawn, days: Sequence[int]) -> Iterator[tuple[int, Sequence[Verdict]]]:
    standing: dict[tuple[str, str, str, str], Standing] = {}
    for day in days:
        found = judge(evidence_of(drawn, day), day, standing)  # type: ignore[arg-type]
        standing = dict(found.standing)  # type: ignore[arg-type]
        yield day, found.verdicts


def run(
    drawn: Drawn, liars: np.ndarray[tuple[int], np.dtype[np.bool_]], touched: np.ndarray[tuple[int], np.dtype[np.bool_]],
    *, from_day: int = WARM_UP_DAYS, until_day: int, is_naive: bool = True,
) -> Trial:  # fmt: skip
    """Judge from the day before the fraud begins, until all liars are found and seven days are over, or to the end."""
    trial = Trial(liars=int(liars.sum()))
    places = [int(place) for place in np.flatnonzero(liars)]
    found: dict[int, int] = {}
    suspect: dict[int, int] = {}
    messages: dict[int, int] = {}
    naive_found: dict[str, dict[int, int]] = {name: {} for name in naive.RULES}
    trial.naive_false = dict.fromkeys(naive.RULES, 0)
    trial.naive_touched = dict.fromkeys(naive.RULES, 0)
    submitted = drawn.counts[..., PLACE["submitted"]].sum(axis=(1, 3))
    for day, verdicts in judged_days(drawn, range(max(0, from_day - 1), until_day)):
        words = np.array([verdict.word for verdict in verdicts])
        if day >= from_day:
            _count_others(trial, words, liars, touched, day, verdicts)
            for place in places:
                if words[place] != "clean":
                    suspect.setdefault(place, day - from_day)
                if words[place] == "contradicted" and place not in found:
                    found[place] = day - from_day
                    messages[place] = int(submitted[place, from_day : day + 1].sum())
                    trial.sentence = verdicts[place].sentence
            _naive(trial, drawn, day, from_day, liars, touched, naive_found) if is_naive else None
        if day == from_day + 6:
            _share_and_name(trial, drawn, verdicts, places, day)
        if places and day >= from_day + 6 and len(found) == len(places):
            break
    trial.found_day = [found.get(place) for place in places]
    trial.suspect_day = [suspect.get(place) for place in places]
    trial.found_messages = [messages.get(place) for place in places]
    trial.naive_day = {name: [days.get(place) for place in places] for name, days in naive_found.items()}
    return trial


def _count_others(
    trial: Trial, words: np.ndarray[tuple[int], np.dtype[np.str_]], liars: np.ndarray[tuple[int], np.dtype[np.bool_]],
    touched: np.ndarray[tuple[int], np.dtype[np.bool_]], day: int, verdicts: Sequence[Verdict],
) -> None:  # fmt: skip
    calm = ~liars & ~touched
    wrong = (words == "contradicted") & ~liars
    trial.route_days += int(calm.sum())
    trial.false_days += int((wrong & calm).sum())
    trial.false_suspect_days += int(((words == "suspect") & calm).sum())
    trial.touched_days += int(touched.sum())
    trial.touched_false += int((wrong & touched).sum())
    trial.touched_suspect += int(((words == "suspect") & touched).sum())
    if wrong.any() and not trial.worst:
        trial.worst = f"day {day}: {verdicts[int(np.flatnonzero(wrong)[0])].sentence}"


def _share_and_name(trial: Trial, drawn: Drawn, verdicts: Sequence[Verdict], places: Sequence[int], day: int) -> None:
    """A week after it began: against the truth of the window that the verdict is of."""
    told = drawn.counts[..., PLACE["handset"]].sum(axis=3)
    for place in places:
        verdict = verdicts[place]
        if verdict.word == "contradicted" and verdict.share is not None:
            days = slice(max(0, day - verdict.window_days + 1), day + 1)
            truth = drawn.forged[place, :, days].sum() / max(1, told[place, :, days].sum())
            trial.shares.append((verdict.share.low, verdict.share.estimate, verdict.share.high, float(truth)))
            trial.named.append(verdict.who or "")


def _naive(
    trial: Trial, drawn: Drawn, day: int, from_day: int, liars: np.ndarray[tuple[int], np.dtype[np.bool_]],
    touched: np.ndarray[tuple[int], np.dtype[np.bool_]], found: dict[str, dict[int, int]],
) -> None:  # fmt: skip
    for name, rule in naive.RULES.items():
        fires = rule(drawn, day)
        for place in np.flatnonzero(fires & liars):
            found[name].setdefault(int(place), day - from_day)
        trial.naive_false[name] += int((fires & ~liars & ~touched).sum())
        trial.naive_touched[name] += int((fires & touched).sum())
