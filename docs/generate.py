"""Writes the pages that are made from the code: `make docs`. A test says when they differ."""

import inspect
from pathlib import Path

from acquit.decode import DECODERS
from acquit.rules import Rules, load
from acquit.worker.settings import described

SETTINGS = Path(__file__).parent / "settings.md"
PROVIDERS = Path(__file__).parent / "providers.md"
SAMPLES = Path(__file__).parent.parent / "tests" / "samples"


def settings_page() -> str:
    return f"""# Settings

A setting `x` is `ACQUIT_X` in the environment, or `x` in the TOML file that `--settings` or `ACQUIT_SETTINGS` names. The
environment wins. An unknown name refuses to start. A map is `key=value,key=value` in the environment, a table in the file.

{described()}
"""


def providers_page() -> str:
    rules = load()
    rows = "\n".join(_provider_row(name, rules) for name in DECODERS)
    dictionaries = ", ".join(
        f"[{name}](../src/acquit/rules/codes/{name}.csv)" for name in rules.codes if name not in DECODERS
    )
    return f"""# Providers

The name is what `raw_topics`, a `provider` header or an envelope says. What a provider's words and codes mean is in the
two tables; every row names its source. A decoder's first lines say where the provider documents its callbacks, and what
it gets wrong; the samples show payloads and what is made of them.

| name | what is read | status words | codes | samples |
|---|---|---|---|---|
{rows}

Code tables that a route may name as its `err_dictionary`, beside those above: {dictionaries}.
"""


def _provider_row(name: str, rules: Rules) -> str:
    module = inspect.getmodule(DECODERS[name])
    assert module is not None
    said = (module.__doc__ or "").splitlines()[0]
    words, codes = len(rules.statuses.get(name, {})), sum(map(len, rules.codes.get(name, {}).values()))
    cases = sum(1 for _ in (SAMPLES / name).glob("*.expected.json"))
    return (
        f"| [{name}](../src/acquit/decode/{name}.py) | {said} "
        f"| {_link(words, f'../src/acquit/rules/statuses/{name}.csv')} "
        f"| {_link(codes, f'../src/acquit/rules/codes/{name}.csv')} | {_link(cases, f'../tests/samples/{name}')} |"
    )


def _link(number: int, target: str) -> str:
    return f"[{number}]({target})" if number else ""


if __name__ == "__main__":
    SETTINGS.write_text(settings_page())
    PROVIDERS.write_text(providers_page())
