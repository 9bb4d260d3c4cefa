"""Where a rule stands, as people read it."""

from functools import lru_cache
from pathlib import Path

SHIPPED = Path(__file__).parent


def placed(path: Path, line: int) -> str:
    """`rules/codes/twilio.csv:12` for what is shipped, the path as it was given for an operator's own."""
    return f"{_shown(path)}:{line}"


@lru_cache(maxsize=64)
def _shown(path: Path) -> str:
    """The same for each of a file's rows: made anew it was a fifth of what loading the rules took."""
    return str(path.relative_to(SHIPPED.parent) if path.is_relative_to(SHIPPED) else path)
