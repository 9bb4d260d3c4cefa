"""`acquit routes`: verdicts, list and dossier from files of tally records."""

import gzip
import json
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from acquit.__main__ import main
from acquit.routes.dossier import Dossier
from tests.routes.test_dossier import the_tallies


@cache
def lines() -> bytes:
    return b"".join(tally.value + b"\n" for tally in the_tallies())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tallies.ndjson.gz"
    path.write_bytes(gzip.compress(lines()))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["routes", *map(str, arguments)])


def test_judge_prints_each_place_and_day(file: Path) -> None:
    rows = [json.loads(line) for line in run("judge", file).stdout.splitlines()]
    places = {(row["route"], row["carrier"]) for row in rows}
    assert len(rows) == 9 * len(places)
    assert {row["type"] for row in rows} == {"verdict"}
    assert {(r["route"], r["carrier"]) for r in rows if r["verdict"] == "contradicted"} == {("elm", "23420")}
    [last] = [r for r in rows if (r["route"], r["carrier"], r["day"]) == ("elm", "23420", "2026-09-15")]
    assert last["share"]["low"] < last["share"]["estimate"] < last["share"]["high"]
    assert {part["name"] for part in last["evidence"]} >= {"known_dead", "latency"}
    assert last["who"] == "supplier"


def test_list_has_the_worst_route_first(file: Path) -> None:
    first, *others = run("list", file).stdout.splitlines()
    assert first.startswith("contradicted")
    assert "elm on 23420" in first
    assert not [line for line in others if line.startswith("contradicted")]


def test_list_tells_delivery_as_it_is_reported_and_as_it_is_believed(file: Path) -> None:
    found = {}
    for line in run("list", file).stdout.splitlines():
        told = re.search(r"delivery +([\d.]+)% told, +([\d.]+)% believed  sms  (.+?):", line)
        assert told
        found[told[3]] = (float(told[1]), float(told[2]))
    reported, believed = found.pop("elm on 23420")
    assert believed == pytest.approx((1 - 0.3 * 5 / 7) * reported, abs=2)  # it lies on five days of seven
    assert all(reported == believed for reported, believed in found.values())


def test_prices_of_the_rules_make_a_clean_route_suspect(file: Path, tmp_path: Path) -> None:
    suppliers = {tally.cell.supplier: tally.cell.country for tally in the_tallies()}
    assert len(suppliers) > 3
    rows = [f"sms,{name},,{land},,{0.02 if name == 'alder' else 0.05},EUR,s" for name, land in suppliers.items()]
    (tmp_path / "prices.csv").write_text(
        "channel,supplier,route,country,carrier,price,currency,source\n" + "\n".join(rows)
    )
    settings = tmp_path / "settings.toml"
    settings.write_text(f'rules_dir = "{tmp_path}"\n')
    done = CliRunner().invoke(main, ["--settings", str(settings), "routes", "list", str(file)])
    [line] = [line for line in done.stdout.splitlines() if "alder on 23420" in line]
    assert line.startswith("suspect")
    assert "proves nothing: price 60 % under the median of" in line


def test_day_leaves_out_what_came_later(file: Path) -> None:
    assert "contradicted  " not in run("list", file, "--day", "2026-09-10").stdout
    assert run("list", file, "--day", "2026-09-15").stdout.startswith("contradicted")


def test_evidence_writes_page_and_json(file: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "page.html", tmp_path / "data.json"
    done = run("evidence", "elm", file, "--carrier", "23420", "--html", page, "--json", data, "--price", "0.02")
    assert done.exit_code == 0
    made = msgspec.json.decode(data.read_bytes(), type=Dossier)
    assert (made.subject.route, made.finding.word) == ("elm", "contradicted")
    assert done.stdout.strip() == made.finding.sentence
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>\n<html lang")


def test_evidence_without_files_prints_the_json(file: Path) -> None:
    done = run("evidence", "alder", file, "--carrier", "23420")
    assert msgspec.json.decode(done.stdout, type=Dossier).finding.word == "clean"


def test_route_with_several_carriers_must_be_told_apart(file: Path) -> None:
    done = run("evidence", "elm", file)
    assert done.exit_code == 2
    assert "say --carrier" in done.stderr
    assert "23420 (sms, by elm: contradicted)" in done.stderr


def test_places_of_one_carrier_are_told_apart_by_supplier(tmp_path: Path) -> None:
    path = tmp_path / "two"
    path.write_bytes(
        lines() + lines().replace(b'"supplier":"elm"', b'"supplier":"oak"').replace(b'"partition":0', b'"partition":1')
    )
    assert "by oak" in run("evidence", "elm", path, "--carrier", "23420").stderr
    done = run("evidence", "elm", path, "--carrier", "23420", "--supplier", "oak")
    assert msgspec.json.decode(done.stdout, type=Dossier).subject.supplier == "oak"


def test_route_that_is_not_there_is_refused_with_those_that_are(file: Path) -> None:
    done = run("evidence", "nobody", file)
    assert done.exit_code == 2
    assert "alder" in done.stderr


def test_line_that_is_no_tally_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(lines().splitlines()[0] + b'\n{"partition": "x"}\n')
    done = run("judge", path)
    assert done.exit_code == 78
    assert "line 2: no tally record" in done.stderr


def test_files_without_tallies_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"\n")
    assert "no tallies" in run("list", path).stderr
