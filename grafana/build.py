"""Writes the dashboards' JSON from the code: `make dashboards`. A test says when they differ."""

import json
from collections.abc import Mapping
from pathlib import Path

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
    return json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in set(FOLDER.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
