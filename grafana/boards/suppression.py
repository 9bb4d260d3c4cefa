"""Who must not be contacted: how the list changes and why, what is held back, and whether Redis says what is true."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import look
from grafana.asking import CHANNEL, OR_ALL, Ask, quantile, zero_while_up
from grafana.frame import framed, link_to, of_row
from grafana.panels import Column, Panel, buckets, lines, number, rows

_CHANGES = "acquit_suppression_changes_total"
_OPT = 'type=~"stop|start|complaint"'
_TO_REDIS = "acquit_append_to_redis_seconds"


def board() -> Dashboard:
    return framed(
        "acquit suppression",
        "Changes of the suppression list by reason, restores, what the circuit breaker holds, and whether Redis is the truth.",
        {"Now": _now(), "Changes": _changes(), "Held": _held(), "Redis": _redis()},
        variables=("channel", "carrier", "route"),
    )


def _now() -> list[Panel]:
    return [
        number(
            "List may be trusted",
            "Whether senders may rely on the list in Redis. If not: it is being written anew, or Redis may evict keys.",
            Ask("max(acquit_suppression_list_ready)"),
            unit="none", steps=look.ONE_IS_GOOD, said=look.YES_IS_GOOD, empty="no worker tells",
        ),
        number(
            "Redis may evict keys",
            "Whether Redis has another maxmemory-policy than noeviction: an evicted key is a person who is contacted again.",
            Ask("max(acquit_redis_evicts)"),
            unit="none", steps={0: look.GOOD, 1: look.WORSE}, said=look.YES_IS_BAD, empty="no worker tells",
        ),
        number(
            "Held, for staff to decide",
            "Failures that the circuit breaker keeps from the list: too many at once, as an outage makes them.",
            Ask(zero_while_up(f"sum(max by (channel, carrier, route) (acquit_suppression_held{{{OR_ALL}}}))")),
            unit="short", steps=look.NONE_IS_GOOD, empty="no worker tells",
        ),
        number(
            "Put on the list in this time",
            "People and scopes that came on the list in the time range that is shown.",
            Ask(zero_while_up(f'sum(increase({_CHANGES}{{{CHANNEL},change="suppressed"}}[$__range]))'), instant=True),
            unit="short", decimals=0, empty="no worker tells",
        ),
        number(
            "Restored by staff in this time",
            "Entries that a member of staff lifted, in the time range that is shown. Who and why: `acquit suppression "
            "history`.",
            Ask(zero_while_up(f'sum(increase({_CHANGES}{{{CHANNEL},change="lifted",by="staff"}}[$__range]))'), instant=True),
            unit="short", decimals=0, empty="no worker tells",
        ),
        number(
            "From receipt to Redis, 99 of 100",
            "From the raw record's append to Kafka to its effect in Redis. A tenth of a second is promised.",
            Ask(quantile(0.99, _TO_REDIS)),
            unit="s", steps=look.SECONDS_TO_REDIS, empty="nothing changed",
        ),
    ]  # fmt: skip


def _changes() -> list[Panel]:
    return [
        lines(
            "Put on the list, by reason",
            "New entries per hour, by what they are held for. A surge of one reason is an outage or a bad contact list.",
            Ask(f'sum by (reason) (increase({_CHANGES}{{{CHANNEL},change="suppressed"}}[1h]))', "{{reason}}"),
            unit="short", stacked=True, empty="nobody came on the list",
        ),
        lines(
            "Changes by what they were",
            "Suppressed, changed, lifted (by a delivery, a start, staff), expired, refused; held by the breaker, and "
            "released or "
            "dropped by staff.",
            Ask(f"sum by (change) (increase({_CHANGES}{{{CHANNEL}}}[1h]))", "{{change}}"),
            unit="short", paint=look.CHANGES, stacked=True, empty="no change",
        ),
        lines(
            "Restores",
            "Entries lifted by staff, and wishes that the policy refused: complaints and legal holds yield to force alone.",
            Ask(f'sum by (change) (increase({_CHANGES}{{{CHANNEL},by="staff",change=~"lifted|refused"}}[1h]))', "{{change}}"),
            unit="short", paint=look.CHANGES, empty="no restore",
        ),
        lines(
            "Opt-outs and opt-ins",
            "STOP and START replies, unsubscribes and the like, per hour.",
            Ask(f"sum by (type) (increase(acquit_engagements_total{{{CHANNEL},{_OPT}}}[1h]))", "{{type}}"),
            unit="short", paint={"stop": "red", "start": "green", "complaint": "orange"}, empty="nobody said so",
        ),
    ]  # fmt: skip


def _held() -> list[Panel]:
    held = f"max by (channel, carrier, route) (acquit_suppression_held{{{OR_ALL}}})"
    return [
        rows(
            "What is held now",
            "By route or carrier, failures that wait for staff. `acquit suppression held list` shows whom, `release` "
            "lets them count, "
            "`drop` forgets them.",
            {"failures": Ask(f"{held} > 0", instant=True)},
            labels=("channel", "carrier", "route"), columns=[Column("failures", "short", steps=look.NONE_IS_GOOD)],
            empty="nothing is held", sort="failures", wide=12, high=8,
            links=[link_to("acquit failures", channel=of_row("channel"))],
        ),
        lines(
            "Held over time",
            "It rises while an outage lasts, and falls when staff decide.",
            Ask(held, "{{channel}} {{carrier}} {{route}}"),
            unit="short", empty="nothing was held",
        ),
    ]  # fmt: skip


def _redis() -> list[Panel]:
    return [
        buckets(
            "From receipt to Redis",
            "Changes of the list by how long they took from the raw record's append to Redis.",
            _TO_REDIS, of="", empty="nothing changed",
        ),
        lines(
            "From receipt to Redis: median and 99 of 100",
            "What senders wait for a stop to count. The line is where somebody is told.",
            Ask(quantile(0.5, _TO_REDIS), "median"), Ask(quantile(0.99, _TO_REDIS), "99 of 100"),
            Ask("acquit:append_to_redis_seconds:limit", "limit"),
            unit="s", paint={"median": "blue", "99 of 100": "orange", "limit": look.QUIET}, empty="nothing changed",
        ),
        lines(
            "Keys that were not the truth",
            "What the last comparison of Redis with the truth found: missing keys let people be contacted, extra ones "
            "silence them. "
            "It repairs what it finds.",
            Ask("sum by (kind) (acquit_suppression_drift_keys)", "{{kind}}"),
            unit="short", paint={"missing": "red", "different": "orange", "extra": "yellow"}, wide=8, empty="not compared yet",
        ),
        lines(
            "Since the last comparison",
            "How long ago Redis was compared with the truth. It happens by itself once a day, as shipped.",
            Ask("time() - max(acquit_suppression_compared_timestamp_seconds > 0)", "since"),
            Ask("acquit:suppression_compared_seconds:limit", "limit"),
            unit="s", paint={"since": "blue", "limit": look.QUIET}, wide=8, empty="not compared yet",
        ),
        lines(
            "Entries written anew",
            "Entries that were written to Redis from the truth, for Redis had lost them or did not say how far it was.",
            Ask("sum(increase(acquit_suppression_rebuilt_total[1h]))", "entries"),
            unit="short", paint={"entries": "orange"}, wide=8, empty="no worker tells",
        ),
    ]  # fmt: skip
