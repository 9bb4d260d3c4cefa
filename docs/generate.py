"""Writes the pages that are made from the code: `make docs`. A test says when they differ."""

import inspect
from collections.abc import Sequence
from pathlib import Path

from acquit.decode import DECODERS
from acquit.rules import Rules, load
from acquit.worker.list_file import COLUMNS
from acquit.worker.list_layouts import LAYOUTS, Layout
from acquit.worker.metric_names import CARRIERS, METRICS, ROUTES, SECTIONS, Metric
from acquit.worker.settings import described
from docs.metric_uses import Uses, uses_of

SETTINGS = Path(__file__).parent / "settings.md"
PROVIDERS = Path(__file__).parent / "providers.md"
LAYOUTS_PAGE = Path(__file__).parent / "layouts.md"
METRICS_PAGE = Path(__file__).parent / "metrics.md"
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

```
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


def metrics_page() -> str:
    most = sum(metric.series for metric in METRICS.values())
    sections = "\n".join(_metric_section(title, metrics) for title, metrics in SECTIONS.items())
    return f"""# Metrics

A worker serves them at `/metrics` (`http_host`, `http_port`). All are declared in
[metric_names.py](../src/acquit/worker/metric_names.py); labels come from closed lists or are capped, and no label holds a
recipient or a message id: a name that looks like an address is `other`.

**Budget.** With {CARRIERS} carriers, {ROUTES} routes and 4 channels a worker shows at most {most:,} series, whatever is sent
to it: of each metric at most as many as the last column says. More than half is `acquit_cohort_messages`, of the one worker
that has the partition of `acquit.tallies`, and only if every carrier carries every channel in every hour with every status.

Counters are of one worker since its start: `sum by (...) (rate(...))`. Gauges about delivery, alerts and routes come from
that one worker, while another may still show them for some seconds: `max by (...)`. What is over has no series any more.

{sections}
Series of a histogram are `_bucket`, `_sum` and `_count`. Recording rules stand in
[acquit.rules.yml](../deploy/prometheus/acquit.rules.yml), alerts in
[acquit.alerts.yml](../deploy/prometheus/acquit.alerts.yml); what to do about an alert is in [runbooks.md](runbooks.md).
"""


def _metric_section(title: str, metrics: Sequence[Metric]) -> str:
    rows = "\n".join(_metric_row(metric, uses_of(metric.name)) for metric in metrics)
    labels = dict.fromkeys((label.name, label.values) for metric in metrics for label in metric.labels)
    values = "".join(f"- `{name}`: {said}\n" for name, said in labels)
    return f"""## {title}

| name | type | labels | meaning | panels | rules | alerts | series |
|---|---|---|---|---|---|---|---|
{rows}

{values}"""


def _metric_row(metric: Metric, uses: Uses) -> str:
    labels = ", ".join(f"`{name}`" for name in metric.label_names)
    panels = "; ".join(f"{board}: {', '.join(dict.fromkeys(titles))}" for board, titles in uses.panels.items())
    rules = ", ".join(f"`{name}`" for name in uses.records)
    alerts = ", ".join(f"[{name}](runbooks.md#{name.lower()})" for name in uses.alerts)
    shown = panels or (f"none: {metric.unshown}" if metric.unshown else "")
    cells = (f"`{metric.name}`", metric.kind, labels, metric.meaning, shown, rules, alerts, f"{metric.series:,}")
    return f"| {' | '.join(cells)} |"


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
    METRICS_PAGE.write_text(metrics_page())
