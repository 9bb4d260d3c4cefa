"""Closed lists of the worker: its topics, its agents, and how long each topic is kept."""

from collections.abc import Mapping
from typing import Literal, get_args

TopicName = Literal[
    "events", "submits", "engagements", "commands", "suppressions", "suppression-log", "held", "tallies",
    "alerts", "dead-letters", "journal.ledger", "journal.routes",
]  # fmt: skip
KeptTopic = Literal[
    "events", "submits", "engagements", "commands", "suppressions", "suppression-log", "tallies", "alerts",
    "dead-letters",
]  # fmt: skip
TOPIC_NAMES: tuple[TopicName, ...] = get_args(TopicName)
AgentName = Literal["intake", "ledger", "sink", "routes"]
AGENTS: tuple[AgentName, ...] = get_args(AgentName)

WITHOUT_END = -1
RETENTION_HOURS: Mapping[KeptTopic, float] = {
    "events": 7 * 24,
    "submits": 7 * 24,
    "engagements": 7 * 24,
    "commands": 7 * 24,
    "suppressions": 7 * 24,
    "suppression-log": 2 * 365 * 24,
    "tallies": 40 * 24,
    "alerts": 90 * 24,
    "dead-letters": 7 * 24,
}
