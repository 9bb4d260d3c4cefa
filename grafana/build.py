"""Writes the dashboards' JSON from the code: `make dashboards`. A test says when they differ."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards import carrier, content, failures, overview, routes, suppression, worker

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> list[Dashboard]:
    return [one.board() for one in (overview, carrier, failures, routes, suppression, content, worker)]


def pages() -> Mapping[Path, str]:
    """What each file must hold."""
    return {FOLDER / f"{board.uid}.json": _json(board) for board in dashboards()}


def _json(board: Dashboard) -> str:
    plain = json.loads(json.dumps(board, cls=JSONEncoder))
    return json.dumps(in_sight(plain), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def in_sight(node: Any) -> Any:
    """Links and annotations stand above the panels: the SDK puts all of them into a menu, and has no word for elsewhere."""
    if isinstance(node, dict):
        return {key: in_sight(value) for key, value in node.items() if (key, value) != ("placement", "inControlsMenu")}
    return [in_sight(one) for one in node] if isinstance(node, list) else node


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in set(FOLDER.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
