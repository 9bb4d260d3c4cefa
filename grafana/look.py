"""The one look of all dashboards: what has a colour has it everywhere, and where a number begins to be bad."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard

GOOD, ODD, BAD, WORSE = "green", "yellow", "orange", "red"
PLAIN, QUIET = "blue", "#8e8e8e"

STATUS: Mapping[str, str] = {
    "delivered_handset": "green", "read": "dark-green", "delivered_network": "light-green", "accepted": "light-blue",
    "sent": "blue", "queued": "dark-blue", "deferred": "purple", "expired": "yellow", "failed": "red",
    "rejected": "orange", "cancelled": QUIET, "unknown": "dark-purple",
}  # fmt: skip
PERMANENCE: Mapping[str, str] = {"permanent": "red", "transient": "yellow", "none": QUIET}
TOLD: Mapping[str, str] = {"reported": "blue", "believed": "purple", "expected": QUIET}
DAYS: Mapping[str, str] = {"now": "blue", "yesterday": "light-purple", "a week ago": QUIET}
BOUNDS: Mapping[str, str] = {"low": "light-orange", "estimate": "red", "high": "light-orange"}
CHANGES: Mapping[str, str] = {
    "suppressed": "red", "changed": "orange", "held": "purple", "released": "dark-red", "dropped": "light-purple",
    "lifted": "green", "expired": "yellow", "refused": "light-yellow",
}  # fmt: skip

Steps = Mapping[float, str]
"""From which value a number has which colour; below the first it has the colour of None."""

DELIVERY: Steps = {0.85: BAD, 0.90: ODD, 0.95: GOOD}
"""Bad below: mail is usual at 85 %, WhatsApp calls for action below 90 %, solicited SMS is above 98 %."""
FAILURE: Steps = {0: GOOD, 0.05: ODD, 0.10: BAD, 0.15: WORSE}
FORGED: Steps = {0: GOOD, 0.02: ODD, 0.05: WORSE}
NONE_IS_GOOD: Steps = {0: GOOD, 1: WORSE}
ONE_IS_GOOD: Steps = {0: WORSE, 1: GOOD}
SECONDS_LATE: Steps = {0: GOOD, 10: ODD, 60: BAD, 300: WORSE}
SECONDS_TO_REDIS: Steps = {0: GOOD, 0.1: ODD, 1: BAD, 10: WORSE}
"""A tenth of a second is what is promised to senders."""
SOME_IS_ODD: Steps = {0: GOOD, 1: ODD}
NO_MATTER: Steps = {0: PLAIN}


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    first = WORSE if min(steps) > 0 else next(iter(steps.values()))
    found = [dashboard.Threshold(value=None, color=first)]
    found += [dashboard.Threshold(value=value, color=colour) for value, colour in steps.items() if value > 0]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(found)


def coloured_by(mode: dashboard.FieldColorModeId) -> build.FieldColor:
    return build.FieldColor().mode(mode)


def painted(colour: str) -> dashboard.DynamicConfigValue:
    """For an override: one series, always of this colour."""
    return dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})


def words(said: Mapping[int, tuple[str, str]]) -> list[dashboard.ValueMapping]:
    """Numbers that stand for words, with their colours."""
    return [
        dashboard.ValueMap(
            options={
                str(number): dashboard.ValueMappingResult(text=word, color=colour, index=number)
                for number, (word, colour) in said.items()
            }
        )
    ]


VERDICTS = {0: ("clean", GOOD), 1: ("suspect", ODD), 2: ("contradicted", WORSE)}
YES_IS_GOOD = {0: ("no", WORSE), 1: ("yes", GOOD)}
YES_IS_BAD = {0: ("no", GOOD), 1: ("yes", WORSE)}
UP = {0: ("over", GOOD), 1: ("up", WORSE)}
