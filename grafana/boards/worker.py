"""Whether the workers keep up: lag, throughput, batches, memory, recovery, dead letters, and what was lost or left out."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import Ask, quantile, zero_while_up
from grafana.frame import framed
from grafana.panels import Column, Panel, buckets, lines, number, rows, timeline

_ONE = 'instance=~"$instance"'
_TO_REDIS = "acquit_append_to_redis_seconds"
_IS_OURS = f" and on (instance, job) acquit_ready{{{_ONE}}}"
"""Every Python process has metrics of these names: a worker is known by what it alone says, whatever its job is called."""


def board() -> Dashboard:
    return framed(
        "acquit worker",
        "The workers themselves: whether they keep up, what they cannot read, what they use, and what they had to leave out.",
        {"Now": _now(), "Keeping up": _lag(), "Batches": _batches(), "Dead letters": _dead(), "State": _state(),
         "Left out": _left_out()},
        variables=("instance",),
        since="now-6h",
    )  # fmt: skip


def _now() -> list[Panel]:
    return [
        number(
            "Workers ready",
            "Workers that read and write now. One that waits for Kafka or Redis is not ready.",
            Ask(f"sum(acquit_ready{{{_ONE}}})"),
            unit="short", steps=look.ONE_IS_GOOD, empty="no worker tells",
        ),
        number(
            "Oldest unread record",
            "How long the oldest record that is not read yet has waited.",
            Ask(f"max(acquit_consumer_lag_seconds{{{_ONE}}})"),
            unit="s", steps=look.SECONDS_LATE, empty="no worker tells",
        ),
        number(
            "Raw records",
            "Raw records read, per second, over all topics.",
            Ask(f"sum(rate(acquit_raw_records_total{{{_ONE}}}[$__rate_interval]))"),
            unit="cps", empty="no worker tells",
        ),
        number(
            "From receipt to Redis, 99 of 100",
            "From the raw record's append to Kafka to its effect in Redis. A tenth of a second is promised.",
            Ask(quantile(0.99, _TO_REDIS, of=_ONE)),
            unit="s", steps=look.SECONDS_TO_REDIS, empty="nothing changed",
        ),
        number(
            "Dead letters in this time",
            "Records that could not be read, in the time range that is shown. They are kept: `acquit dead-letters list`.",
            Ask(zero_while_up(f"sum(increase(acquit_dead_letters_total{{{_ONE}}}[$__range]))"), instant=True),
            unit="short", steps={0: look.GOOD, 1: look.ODD, 100: look.WORSE}, decimals=0, empty="no worker tells",
        ),
        number(
            "Events lost",
            "Events that Kafka's retention took before they were read, since the workers began. It must be zero.",
            Ask(f"sum(acquit_events_lost_total{{{_ONE}}})"),
            unit="short", steps=look.NONE_IS_GOOD, empty="no worker tells",
        ),
    ]  # fmt: skip


def _lag() -> list[Panel]:
    return [
        lines(
            "Lag in seconds, by topic",
            "Age of the oldest record that is not read. The line is where somebody is told.",
            Ask(f"max by (topic) (acquit_consumer_lag_seconds{{{_ONE}}})", "{{topic}}"),
            Ask("acquit:consumer_lag_seconds:limit", "limit"),
            unit="s", paint={"limit": look.QUIET}, empty="no worker tells",
        ),
        lines(
            "Lag in records, by topic",
            "Records that are not read yet: how much work waits, while the seconds say for how long.",
            Ask(f"sum by (topic) (max by (topic, partition) (acquit_consumer_lag_records{{{_ONE}}}))", "{{topic}}"),
            unit="short", empty="no worker tells",
        ),
        lines(
            "Raw records by topic",
            "Records read, per second, dead letters among them.",
            Ask(f"sum by (topic) (rate(acquit_raw_records_total{{{_ONE}}}[$__rate_interval]))", "{{topic}}"),
            unit="cps", stacked=True, empty="no worker tells",
        ),
        lines(
            "Events folded, by worker",
            "Events that the ledger took, per second: how work is spread.",
            Ask(f"sum by (instance) (rate(acquit_events_total{{{_ONE}}}[$__rate_interval]))", "{{instance}}"),
            unit="cps", stacked=True, empty="no worker tells",
        ),
        buckets(
            "From receipt to Redis",
            "Changes of the list by how long they took from the raw record's append to Redis.",
            _TO_REDIS, of=_ONE, empty="nothing changed",
        ),
        lines(
            "From receipt to Redis: median and 99 of 100",
            "A tenth of a second is promised; while a backlog is read it is as old as the backlog.",
            Ask(quantile(0.5, _TO_REDIS, of=_ONE), "median"), Ask(quantile(0.99, _TO_REDIS, of=_ONE), "99 of 100"),
            unit="s", paint={"median": "blue", "99 of 100": "orange"}, empty="nothing changed",
        ),
    ]  # fmt: skip


def _batches() -> list[Panel]:
    mean = f"sum by (agent) (rate(acquit_batch_records_sum{{{_ONE}}}[$__rate_interval])) / "
    mean += f"(sum by (agent) (rate(acquit_batch_records_count{{{_ONE}}}[$__rate_interval])) > 0)"
    return [
        lines(
            "Records in a batch",
            "The mean by agent. Large batches are a backlog or heavy traffic: each costs one transaction.",
            Ask(mean, "{{agent}}"),
            unit="short", empty="no batch",
        ),
        lines(
            "Time for a batch, 99 of 100",
            "From a batch's begin to its end by agent, waiting for Kafka and Redis included.",
            Ask(quantile(0.99, "acquit_batch_seconds", by="agent", of=_ONE), "{{agent}}"),
            unit="s", empty="no batch",
        ),
    ]  # fmt: skip


def _dead() -> list[Panel]:
    ignored = f"increase(acquit_ignored_events_total{{{_ONE}}}[$__range])"
    return [
        lines(
            "Dead letters by provider and reason",
            "Records that could not be read, an hour: a provider changed its format, or a topic is mapped to the "
            "wrong decoder.",
            Ask(f"sum by (provider, reason) (increase(acquit_dead_letters_total{{{_ONE}}}[1h]))", "{{provider}} {{reason}}"),
            unit="short", stacked=True, empty="all could be read",
        ),
        lines(
            "Share of dead letters",
            "Of the raw records of a quarter of an hour, of all workers. The line is where somebody is told.",
            Ask("acquit:acquit_dead_letters:ratio15m", "dead letters"), Ask("acquit:dead_letters:limit", "limit"),
            unit="percentunit", paint={"dead letters": "red", "limit": look.QUIET}, empty="no records",
        ),
        rows(
            "Events that are no news of a message",
            "By the provider's own word, in the time range that is shown: account notices, test pings and the like "
            "are ignored.",
            {"events": Ask(f"sum by (provider, kind) ({ignored}) > 0", instant=True)},
            labels=("provider", "kind"), columns=[Column("events", "short")], empty="none", sort="events", high=7,
        ),
    ]  # fmt: skip


def _state() -> list[Panel]:
    age = f"max by (instance) (time() - {_own('process_start_time_seconds')})"
    return [
        timeline(
            "Ready, from when to when",
            "Each worker. What it waits for stands in its log and in /readyz.",
            Ask(f"acquit_ready{{{_ONE}}}", "{{instance}}"),
            said=look.YES_IS_GOOD, empty="no worker tells", wide=12,
        ),
        timeline(
            "Waiting for a server",
            "Whether a worker waits for Kafka or Redis: nothing is lost meanwhile, all is late.",
            Ask(f"acquit_waiting{{{_ONE}}}", "{{instance}} {{server}}"),
            said=look.YES_IS_BAD, empty="no worker tells", wide=12,
        ),
        lines(
            "Memory",
            "Resident memory of each worker: about 48 bytes for each message of the window.",
            Ask(_own("process_resident_memory_bytes"), "{{instance}}"),
            unit="bytes", wide=8, empty="no worker tells",
        ),
        lines(
            "Processor",
            "Processor time used, in cores. A worker is one process: near 1 it is at its end, and another one helps.",
            Ask(f"rate(process_cpu_seconds_total{{{_ONE}}}[$__rate_interval]){_IS_OURS}", "{{instance}}"),
            unit="none", wide=8, empty="no worker tells",
        ),
        lines(
            "Open files",
            "Open files and connections of each worker, and how many it may have.",
            Ask(_own("process_open_fds"), "{{instance}}"),
            Ask(f"min({_own('process_max_fds')})", "limit"),
            unit="short", paint={"limit": look.QUIET}, wide=8, empty="no worker tells",
        ),
        lines(
            "Last recovery",
            "How long it took the last time until all state was loaded, by worker.",
            Ask(f"acquit_recovery_seconds{{{_ONE}}}", "{{instance}}"),
            unit="s", wide=8, empty="no worker tells",
        ),
        lines(
            "Rebalances and records loaded",
            "Times that partitions were spread anew, an hour, and the records of journals that were loaded for it.",
            Ask(f"sum(increase(acquit_rebalances_total{{{_ONE}}}[1h]))", "rebalances"),
            Ask(f"sum(increase(acquit_journal_records_total{{{_ONE}}}[1h]))", "records loaded"),
            unit="short", wide=8, empty="no worker tells",
        ),
        lines(
            "Partitions by worker",
            "Partitions that each worker has, over all topics.",
            Ask(f"sum by (instance) (acquit_partitions_owned{{{_ONE}}})", "{{instance}}"),
            unit="short", stacked=True, wide=8, empty="no worker tells",
        ),
        rows(
            "Which acquit runs",
            "Version of the program and of its rules, by worker, and since when. Versions should be the same, but "
            "while a new one "
            "is rolled out.",
            {"running for": Ask(f"{age} * on (instance) group_left (version, ruleset) acquit_build_info", instant=True)},
            labels=("instance", "version", "ruleset"), columns=[Column("running for", "s")], empty="no worker tells", high=5,
        ),
    ]  # fmt: skip


def _own(metric: str) -> str:
    return f"({metric}{{{_ONE}}}{_IS_OURS})"


def _left_out() -> list[Panel]:
    counts = {
        "read twice, dropped": "events_again", "sent more than once": "receipts_repeated", "too late": "events_too_late",
        "messages forgotten": "messages_forgotten", "without names": "events_unnamed", "of no message": "receipts_unmatched",
        "lost": "events_lost",
    }  # fmt: skip
    return [
        lines(
            "What was counted otherwise, or not",
            "An hour. Read twice and sent more than once are dropped, and right so. Too late: of hours that left the "
            "window. Forgotten "
            "and without names: the window was full (`max_messages`). Of no message: no recipient or id. Lost: it "
            "must be zero.",
            *(Ask(f"sum(increase(acquit_{metric}_total{{{_ONE}}}[1h]))", name) for name, metric in counts.items()),
            unit="short", paint={"lost": "red", "messages forgotten": "orange"}, empty="no worker tells", wide=24,
        )
    ]  # fmt: skip
