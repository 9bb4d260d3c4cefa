"""How long a mail server asks to wait, in its own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.reasons.retry_after import MOST_SECONDS, retry_after_seconds
from acquit.rules.wording import folded


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.7.1 Greylisted, please try again in 300 seconds", 300),
        ("451 Greylisting enabled, try again in 5 minutes", 300),
        ("421 4.7.0 retry after 1 hour", 3600),
        ("451 Please retry in 90s", 90),
        ("450 deferred: wait 2 hours", 7200),
        ("450 greylisted for 60 seconds", 60),
        ("450 Bitte versuchen Sie es in 10 Minuten erneut", 600),
        ("450 Veuillez réessayer dans 15 minutes", 900),
        ("450 Inténtelo más tarde, en 30 minutos", 1800),
        ("450 wait 100000 seconds", None),  # more than a day is a mistake
        ("451 4.7.1 Greylisting in action, please come back in 00:04:59", 299),
        ("451 Greylisting in action, please come back in 01:00:00", 3600),
        ("451 come back in 00:00:00", None),
        ("451 come back in 99:00:00", None),
        ("450 could not be delivered for 4 hours", None),
        ("450 try again later", None),
        ("retry 0 seconds", None),
        ("550 user unknown", None),
        ("552 size limit 10 m", None),
    ],
)
def test_time_to_wait_is_read_where_it_is_said(text: str, seconds: int | None) -> None:
    assert retry_after_seconds(folded(text)) == seconds


@given(st.text(alphabet="0123456789 retrysminhou", max_size=200))
def test_any_words_give_no_time_or_one_within_a_day(text: str) -> None:
    seconds = retry_after_seconds(folded(text))
    assert seconds is None or 0 < seconds <= MOST_SECONDS
