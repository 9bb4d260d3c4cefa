"""Writes the pages that are made from the code: `make docs`. A test says when they differ."""

import inspect
from pathlib import Path

from acquit.decode import DECODERS
from acquit.rules import Rules, load
from acquit.worker.list_file import COLUMNS
from acquit.worker.list_layouts import LAYOUTS, Layout
from acquit.worker.settings import described

SETTINGS = Path(__file__).parent / "settings.md"
PROVIDERS = Path(__file__).parent / "providers.md"
LAYOUTS_PAGE = Path(__file__).parent / "layouts.md"
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


def layouts_page() -> str:
    rows = "\n".join(_layout_row(name, layout) for name, layout in LAYOUTS.items())
    return f"""# Lists that come in and go out

```usage
acquit suppression import FILE --layout ses --actor ann --reason "from the old system" [--dry-run] [--skip-bad]
acquit suppression export --layout mailgun-bounces [--json] [--reason R] [--scope S] [--since T] [--before T] [--domain D]
```

A file is CSV with a header, JSON objects, one a line, or answers of the provider's API, one after another (read whole: for
large ones `jq -c '.Suppressions[]'`). Our own layout, `acquit`, has the columns
{", ".join(f"`{name}`" for name in COLUMNS)}; channel and address are enough where `--held-for` says why.

`import` reads a file twice: first all of it, to say what is wrong and how much of what there is (`--dry-run` ends there),
then it asks the ledger. Bad lines stand in FILE.rejects, with why; standard error tells their numbers and why, and no
address. Without `--skip-bad` one bad line is enough and nothing is asked for. Killed halfway and run again, it goes on where
it was: FILE.progress says where, and is gone at the end. Times that a file does not give are those of the first run, so that
a line that comes twice says the same, and a START that came in between stands.

A bounce holds as the policy says for a mailbox that is unknown, from the day that the file gives: for 365 days as shipped.
Those that are over already are counted: they hold nobody; an `until` (our own layout) holds them for longer. Opt-outs,
complaints and legal holds never expire. A row that gives no scope holds in `--scope`, `*` if not said, but a bounce where the
policy says. `export` leaves out, and counts, what a layout cannot say.

| layout | columns that are read | words, and what they hold for | where the provider shows it |
|---|---|---|---|
{rows}
"""


def _layout_row(name: str, layout: Layout) -> str:
    columns = ", ".join(layout.columns)
    words = "; ".join(f"{word or 'all'}: {hold}" for word, hold in layout.holds.items())
    return f"| `{name}` | {columns} | {words} | {layout.source} |"


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
    LAYOUTS_PAGE.write_text(layouts_page())
