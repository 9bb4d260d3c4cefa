"""How long to wait, where a mail server says it: `greylisted, try again in 300 seconds`."""

import re

MOST_SECONDS = 86_400
"""No server means more than a day; `wait 100000 seconds` is a mistake or a joke."""
_UNITS = {
    **dict.fromkeys(
        [
            "s",
            "sec",
            "secs",
            "second",
            "seconds",
            "seconde",
            "secondes",
            "sekunde",
            "sekunden",
            "segundo",
            "segundos",
            "secondi",
        ],
        1,
    ),
    **dict.fromkeys(
        ["m", "min", "mins", "minute", "minutes", "minuten", "minuto", "minutos", "minuti", "минут", "минуты"], 60
    ),
    **dict.fromkeys(
        [
            "h",
            "hr",
            "hrs",
            "hour",
            "hours",
            "heure",
            "heures",
            "stunde",
            "stunden",
            "hora",
            "horas",
            "ora",
            "ore",
            "часа",
            "часов",
        ],
        3600,
    ),
}
_STUCK = re.compile(r"(\d{1,6})([a-z]{1,7})")
_CLOCK = re.compile(r" back in (\d\d) ([0-5]\d) ([0-5]\d) ")
"""milter-greylist: `Greylisting in action, please come back in 00:04:59`."""
_ASKS = (
    "retry", "again", "later", "wait", "delay", "back", "come", "resend", "resubmit", "greylist", "graylist", "greylisted",
    "graylisted", "greylisting", "deferred", "reessayer", "reessayez", "nouveau", "tard", "attendre", "erneut", "spater",
    "warten", "nochmal", "wieder", "reintentar", "intente", "intentelo", "reintente", "tarde", "riprovare", "riprova",
    "tente", "novamente", "повторите", "попробуйте", "позже",
)  # fmt: skip
_BEFORE, _BEHIND = 8, 6
_STILL = ("for", "than", "past", "last", "previous", "seit", "depuis", "mehr", "plus")
"""`could not be delivered for 4 hours` is no request."""


def retry_after_seconds(words: str) -> int | None:
    """The time that folded words ask to wait, if they name one of at most a day."""
    if not any(f" {ask} " in words for ask in _ASKS):
        return None
    clock = _CLOCK.search(words)
    if clock:
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
        return seconds if 0 < seconds <= MOST_SECONDS else None
    said = words.split()
    for place, word in enumerate(said):
        number, unit = _amount(said, place)
        if unit is None:
            continue
        near = {*said[max(0, place - _BEFORE) : place], *said[place + 1 : place + _BEHIND]}
        is_asked = not near.isdisjoint(_ASKS) and (place == 0 or said[place - 1] not in _STILL or "greylisted" in near)
        if word[0].isdecimal() and is_asked and 0 < number * unit <= MOST_SECONDS:
            return number * unit
    return None


def _amount(said: list[str], place: int) -> tuple[int, int | None]:
    word = said[place]
    if word.isdecimal() and word.isascii() and len(word) <= 6 and place + 1 < len(said):
        return int(word), _UNITS.get(said[place + 1])
    stuck = _STUCK.fullmatch(word)
    return (int(stuck[1]), _UNITS.get(stuck[2])) if stuck else (0, None)
