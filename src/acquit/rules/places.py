"""Where a rule stands, as people read it."""

from pathlib import Path

SHIPPED = Path(__file__).parent


def placed(path: Path, line: int) -> str:
    """`rules/codes/twilio.csv:12` for what is shipped, the path as it was given for an operator's own."""
    shown = path.relative_to(SHIPPED.parent) if path.is_relative_to(SHIPPED) else path
    return f"{shown}:{line}"
