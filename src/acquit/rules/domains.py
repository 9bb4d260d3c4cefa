"""Domains of mailboxes (`domains.csv`): which are so large that one letter beside them is a slip.

`large`: what may be meant. `loose`: its users have addresses that no RFC
allows. `ending`: a top-level domain that there is not, and the one that is `meant`.
"""

import csv
from collections.abc import Collection
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from msgspec import Struct

from acquit.errors import BadRules
from acquit.rules.places import SHIPPED

Kind: TypeAlias = Literal["large", "loose", "ending"]
COLUMNS = ["domain", "kind", "meant", "source"]


class Domains(Struct, frozen=True):
    large: tuple[str, ...]
    real: frozenset[str]  # never a slip
    loose: frozenset[str]
    endings: dict[str, str]


def load_domains(trusted: Collection[str] = (), path: Path = SHIPPED / "domains.csv") -> Domains:
    """`trusted` are domains that a user vouches for, in their canonical form."""
    rows: dict[Kind, dict[str, str]] = {kind: {} for kind in get_args(Kind)}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise BadRules(path, 1, None, f"the columns must be {', '.join(COLUMNS)}")
        for row in reader:
            if row["kind"] not in rows:
                raise BadRules(path, reader.line_num, "kind", f"must be one of {', '.join(rows)}")
            if not row["source"]:
                raise BadRules(path, reader.line_num, "source", "is missing")
            if bool(row["meant"]) is not (row["kind"] == "ending"):
                raise BadRules(path, reader.line_num, "meant", "is of an ending, and of nothing else")
            rows[row["kind"]][row["domain"]] = row["meant"]
    real = frozenset([*rows["large"], *rows["loose"], *trusted])
    return Domains(tuple(rows["large"]), real, frozenset(rows["loose"]), rows["ending"])
