"""`acquit simulate --world`: names and files of worlds, what is wrong with them, and what is written."""

from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner, Result

from acquit.__main__ import main
from acquit.columns import WIDTH
from acquit.effects import read_tally
from acquit.events import epoch_ms
from acquit.routes.streams import vector
from acquit.simulate.world.laws import START, STREAMS
from acquit.simulate.world.staging import ALL_FRAUDS, ALL_TROUBLES
from acquit.simulate.world.tally_records import drawn_of, tally_records
from acquit.simulate.world.world_file import world_of

SMALL = """\
tier = "low"
days = 8
suppliers = ["alder", "maple"]
carriers = ["20820"]
fraud = "uniform-10"
trouble = "outage"
"""


def simulated(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.toml"
    path.write_text(SMALL)
    return path


def test_tally_records_add_up_to_what_was_drawn(world: Path) -> None:
    staging = world_of(str(world), {"probes_per_day": 20})
    drawn = drawn_of(staging)
    rows = {place: row for row, place in enumerate(staging.world.places)}
    classes = [stream.name for stream in STREAMS]
    sums = np.zeros((len(rows), len(STREAMS), staging.world.days, WIDTH), np.int64)
    for tally in tally_records(staging, drawn):
        cell = tally.cell
        assert cell.supplier
        assert cell.carrier
        assert cell.stream
        day = (cell.hour - epoch_ms(START) // 1000) // 86_400
        sums[rows[cell.supplier, cell.carrier], classes.index(cell.stream), day] += vector(tally)
    assert (sums == drawn.counts).all()


def test_tallies_are_printed_as_the_topic_has_them(world: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    found = simulated("--world", world, "--tallies", "--truth", truth)
    assert found.exit_code == 0, found.output
    tallies = [read_tally(line.encode()) for line in found.output.splitlines()]
    shown = orjson.loads(truth.read_bytes())
    assert sum(tally.submitted for tally in tallies) == sum(one["submitted"] for one in shown["routes"])
    assert sum(one["forged"] for one in shown["routes"]) == sum(one["forged"] for one in shown["lies"]) > 0


def test_truth_names_the_lie_the_trouble_and_what_arrived(world: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    found = simulated("--world", world, "--truth", truth, "--seed", 5)
    assert found.exit_code == 0, found.output
    shown = orjson.loads(truth.read_bytes())
    [lie], [*troubles] = shown["lies"], shown["troubles"]
    assert (shown["seed"], lie["fraud"], lie["who"], lie["supplier"]) == (5, "S3 uniform 10 %", "supplier", "alder")
    assert (lie["from"], lie["until"]) == ("2026-09-14T00:00:00+00:00", "2026-09-15T00:00:00+00:00")
    assert lie["share"] == pytest.approx(0.10, abs=0.04)
    assert {(one["from"], one["until"]) for one in troubles} == {
        ("2026-09-14T09:00:00+00:00", "2026-09-14T12:00:00+00:00")
    }
    fallen = [one for one in shown["carriers"] if "2026-09-14T09" <= one["hour"] < "2026-09-14T12"]
    assert all(one["delivered"] < 0.4 * one["submitted"] for one in fallen)
    assert {len(one) for one in shown["carriers"]} == {6}


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("teir = 1", ":7: teir: is no field of a world"),
        ('liars = "huge"', ":7: liars: must be one of low, median, high"),
        ("from_day = 8", ":5: fraud: begins with day 8, and the world has 8"),
        ("dead_share = 2.0", ":7: dead_share: must be a number from 0.0 to 0.5"),
        ("probes_per_day = true", ":7: probes_per_day: must be a number from 0 to 10000"),
        ("seed =", ":7: Invalid value"),
        ("seed = 4", ":3: suppliers: maple alone neither lies nor suffers"),
    ],
)
def test_wrong_world_is_refused_with_its_line_and_field(world: Path, written: str, problem: str) -> None:
    world.write_text(SMALL + written + "\n")
    found = simulated("--world", world)
    assert found.exit_code == 78
    assert f"{world}{problem}" in found.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--world", "nix"), "'nix' is no file, and none of low, median, high"),
        (("--world", "low", "--fraud", "uniform"), "'uniform' may be any of s2-uniform-30, s3-uniform-10"),
        (("--world", "low", "--trouble", "rain"), "'rain' is none of h1-carrier-outage-3-h"),
        (("--world", "low", "--trouble", "outage", "--days", 5), "begins with day 7, and the world has 5"),
        (("--world", "low", "--start", "2026-09-08"), "a world begins with a Monday, at midnight UTC"),
    ],
)
def test_what_is_asked_of_a_world_must_be_there(arguments: tuple[object, ...], problem: str) -> None:
    found = simulated(*arguments)
    assert found.exit_code == 78
    assert problem in found.output


def test_options_of_a_world_need_one() -> None:
    assert simulated("--fraud", "s3").exit_code == simulated("--tallies").exit_code == 2


@pytest.mark.parametrize(("option", "table"), [("--fraud", ALL_FRAUDS), ("--trouble", ALL_TROUBLES)])
def test_list_says_every_name(option: str, table: dict[str, object]) -> None:
    assert [line.split()[0] for line in simulated(option, "list").output.splitlines()] == list(table)


@pytest.mark.parametrize(
    "more", [(), ("--kafka", "--world", "low"), ("--kafka", "--truth", "t.json"), ("--kafka", "--tallies")]
)
def test_live_traffic_goes_to_kafka_and_nothing_else_is_asked_of_it(more: tuple[str, ...]) -> None:
    found = simulated("--live", *more)
    assert found.exit_code == 2
    assert "--live goes to Kafka" in found.output
