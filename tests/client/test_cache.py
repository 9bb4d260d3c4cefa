"""What is fresh is not asked again; it is bounded in time and number."""

import pytest

from acquit.client.cache import Cache


def test_kept_answer_is_found_until_its_time_is_over() -> None:
    cache = Cache(5, 10)
    cache.keep("a", (), 100.0)
    assert cache.find("a", 104.9) == ()
    assert cache.find("a", 105.0) is None


def test_oldest_goes_where_there_are_too_many() -> None:
    cache = Cache(5, 2)
    for question in ("a", "b", "a", "c"):
        cache.keep(question, (), 0.0)
    assert [cache.find(question, 1.0) for question in ("a", "b", "c")] == [(), None, ()]
    assert len(cache) == 2


def test_nothing_is_kept_unless_somebody_asked_for_it() -> None:
    cache = Cache(0, 10)
    cache.keep("a", (), 0.0)
    assert cache.find("a", 0.0) is None
    assert not len(cache)


@pytest.mark.parametrize("seconds", [-1, 5.1])
def test_nobody_may_keep_answers_for_longer_than_five_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="cache_seconds must be between 0 and 5"):
        Cache(seconds, 10)
