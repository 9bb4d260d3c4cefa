"""Dashboards: their JSON is what the code says, and what they ask, link to and choose from is there."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

import promql_parser
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from acquit import events
from acquit.effects import Change
from acquit.worker.metric_names import METRICS
from acquit.worker.verdict_metrics import WORDS
from docs.metric_uses import ALERTS, RULES, rules_of
from grafana import asking, look
from grafana.boards import carrier
from grafana.build import FOLDER, in_sight, pages

BOARDS = {board["uid"]: board for board in (json.loads(text) for text in pages().values())}
OF_SCRAPES = {"instance", "job", "pod"}
OF_GRAFANA = {"__rate_interval", "__range"}
FILLED_IN_LATER = {"__url_time_range", "__value", "__field", "__data"}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in panels(board) if panel["type"] != "text"]


def expressions(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in asked(board) for target in panel["targets"]]


def links(node: Any) -> Iterator[str]:
    """Every address in it that leads to a dashboard."""
    if isinstance(node, dict):
        if str(node.get("url", "")).startswith("/d/"):
            yield node["url"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from links(one)


def variables(board: dict[str, Any]) -> set[str]:
    return {one["name"] for one in board["templating"]["list"]}


each_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
each_panel = pytest.mark.parametrize(
    ("uid", "panel"), [(uid, panel) for uid, board in BOARDS.items() for panel in panels(board)],
    ids=[f"{uid}/{panel['title']}" for uid, board in BOARDS.items() for panel in panels(board)],
)  # fmt: skip


def test_json_is_what_the_code_says() -> None:
    assert {path: path.read_text() for path in FOLDER.glob("*")} == pages(), "run make dashboards"


def test_sdk_reads_the_json_back_as_it_is() -> None:
    register_default_plugins()
    for board in BOARDS.values():
        back = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
        assert in_sight(back) == board


def test_each_has_an_uid_that_grafana_takes_and_a_title_of_its_own() -> None:
    assert len(BOARDS) == len(pages()) == len({board["title"] for board in BOARDS.values()})
    assert all(re.fullmatch(r"[a-z-]{1,40}", uid) for uid in BOARDS)


@each_panel
def test_panel_says_why_it_is_there(uid: str, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 40
    assert panel["description"].endswith((".", "`"))


@each_panel
def test_panel_asks_the_source_that_is_chosen_and_says_its_unit_and_what_nothing_means(
    uid: str, panel: dict[str, Any]
) -> None:
    if panel["type"] == "text":
        return
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["noValue"]


@each_board
def test_panels_have_numbers_and_titles_of_their_own_and_do_not_overlap(board: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(titles)) == len(titles)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in board["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


@each_board
def test_no_row_of_panels_has_a_hole(board: dict[str, Any]) -> None:
    by_line: dict[int, list[dict[str, int]]] = {}
    for panel in board["panels"]:
        by_line.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    for line in by_line.values():
        assert sum(place["w"] for place in line) == 24
        assert len({place["h"] for place in line}) == 1
        assert all(
            left["x"] + left["w"] == right["x"] for left, right in pairwise(sorted(line, key=lambda one: one["x"]))
        )


@each_board
def test_variables_that_are_used_are_there_and_the_other_way_round(board: dict[str, Any]) -> None:
    queries = json.dumps([expressions(board), [one.get("query") for one in board["templating"]["list"]]])
    used = set(re.findall(r"\$(\w+)", queries)) - OF_GRAFANA
    linked = set(re.findall(r"\$\{(\w+)", json.dumps(list(links(board))))) - FILLED_IN_LATER
    assert used | {"datasource"} == variables(board)
    assert linked <= variables(board)


@each_board
def test_links_lead_to_dashboards_and_choose_what_these_have(board: dict[str, Any]) -> None:
    for url in links(board["panels"]):
        uid, _, asked_for = url.removeprefix("/d/").partition("?")
        assert asked_for.startswith("${__url_time_range}&${datasource:queryparam}"), url
        assert set(re.findall(r"var-(\w+)=", asked_for)) <= variables(BOARDS[uid]), url


def test_some_panel_leads_from_a_carrier_to_its_dashboard_and_from_a_route_to_its_own() -> None:
    urls = list(links(BOARDS["acquit-overview"]["panels"]))
    assert any("/d/acquit-carrier" in url and "var-carrier=$" in url for url in urls)
    assert any("/d/acquit-routes" in url and "var-route=$" in url for url in urls)


@each_board
def test_all_dashboards_are_linked_with_time_and_variables(board: dict[str, Any]) -> None:
    (link,) = board["links"]
    assert (link["type"], link["tags"], link["includeVars"], link["keepTime"]) == (
        "dashboards",
        board["tags"],
        True,
        True,
    )


def test_links_in_alerts_lead_to_dashboards_and_choose_what_these_have() -> None:
    for uid, asked_for in re.findall(r"/d/([a-z-]+)\?(.*)", ALERTS.read_text()):
        assert set(re.findall(r"var-(\w+)=", asked_for)) <= variables(BOARDS[uid])


@each_board
def test_queries_ask_for_what_is_declared_by_labels_that_it_has(board: dict[str, Any]) -> None:
    annotations = [one["expr"] for one in board["annotations"]["list"]]
    for expression in [*expressions(board), *annotations]:
        filled = re.sub(rf"\$({'|'.join(OF_GRAFANA)})", "5m", expression)
        _check(promql_parser.parse(filled), expression)


@pytest.mark.parametrize(
    "expression",
    ["acquit_redy", 'acquit_ready{carrier="20801"}', "sum by (carrier) (acquit_ready)", "carrier:acquit_nothing:sum"],
)
def test_wrong_name_of_a_metric_or_a_label_is_found(expression: str) -> None:
    with pytest.raises(AssertionError):
        _check(promql_parser.parse(expression), expression)


def _check(parsed: Any, expression: str) -> None:
    selectors: list[Any] = []
    grouped: set[str] = set()

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            selectors.append(node)
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            grouped.update(node.modifier.labels)
        return True

    promql_parser.walk(parsed, note)
    known = [_labels(selector.name) for selector in selectors]
    assert selectors, expression
    for selector, labels in zip(selectors, known, strict=True):
        named = {matcher.name for matcher in selector.matchers.matchers}
        assert named <= labels | OF_SCRAPES, f"{selector.name} has no {named - labels}: {expression}"
    assert grouped <= set.union(*known) | OF_SCRAPES, f"no metric has {grouped}: {expression}"


def _labels(name: str) -> set[str]:
    """Those of a metric, or of a recording rule, which are in its name."""
    if name == "ALERTS":
        return {"alertname", "alertstate", "severity", "channel", "carrier", "route"}
    if ":" in name:
        assert name in rules_of(RULES), name
        return set(name.partition(":")[0].split("_"))
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    assert plain in METRICS, name
    return {*METRICS[plain].label_names, *({"le"} if name.endswith("_bucket") else ())}


def test_what_has_a_name_has_the_same_colour_everywhere() -> None:
    seen: dict[str, set[str]] = {}
    for board in BOARDS.values():
        for panel in asked(board):
            for override in panel["fieldConfig"]["overrides"]:
                for one in override["properties"]:
                    if one["id"] == "color":
                        seen.setdefault(override["matcher"]["options"], set()).add(one["value"]["fixedColor"])
    assert not {name: colours for name, colours in seen.items() if len(colours) > 1}


def test_every_word_of_a_closed_list_has_its_colour() -> None:
    assert look.STATUS.keys() == set(events.STATUSES)
    assert look.PERMANENCE.keys() == set(events.PERMANENCES)
    assert look.CHANGES.keys() == set(get_args(Change))
    assert [word for word, _ in look.VERDICTS.values()] == list(WORDS)
    assert carrier.OUTCOME_COLOURS.keys() == carrier.OUTCOMES.keys()


def test_statuses_are_told_apart_as_the_ledger_does() -> None:
    assert set(asking.DELIVERED.split("|")) == events.DELIVERED
    assert set(asking.RATED.split("|")) == events.RATED
    assert set("|".join(carrier.OUTCOMES.values()).split("|")) == set(events.STATUSES) - {"cancelled"}


@each_board
def test_nothing_is_shown_as_zero_that_nobody_counted(board: dict[str, Any]) -> None:
    """`or vector(0)` says that all is well where no worker is; `zero_while_up` does not."""
    assert not [expression for expression in expressions(board) if "vector(0)" in expression]
