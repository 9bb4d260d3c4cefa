"""Writes the pages that are made from the code: `make docs`. A test says when they differ."""

from pathlib import Path

from acquit.worker.settings import described

SETTINGS = Path(__file__).parent / "settings.md"


def settings_page() -> str:
    return f"""# Settings

A setting `x` is `ACQUIT_X` in the environment, or `x` in the TOML file that `--settings` or `ACQUIT_SETTINGS` names. The
environment wins. An unknown name refuses to start. A map is `key=value,key=value` in the environment, a table in the file.

{described()}
"""


if __name__ == "__main__":
    SETTINGS.write_text(settings_page())
