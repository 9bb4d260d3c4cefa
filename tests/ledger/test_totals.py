"""Running totals: what leaves is always the whole of a cell, so that leaving twice is harmless."""

from acquit.effects import Cell, Tally, read_tally, tally_key
from acquit.ledger.merge import NOTHING, STATUS_NUMBER
from acquit.ledger.totals import Standing, Totals

CELL = Cell("sms", "20801", "FR", "r1", "direct", "otp", 3_600)
SENT: Standing = (STATUS_NUMBER["sent"], NOTHING, NOTHING, True, NOTHING, 0, 0)
FAILED: Standing = (STATUS_NUMBER["failed"], 1, 0, True, NOTHING, 0, 0)


def counted(*changes: tuple[Standing, int]) -> Totals:
    totals = Totals()
    key, running = totals.open(CELL)
    for standing, sign in changes:
        totals.add(key, running, standing, sign)
    return totals


def taken(totals: Totals) -> list[Tally]:
    return totals.take_pending(partition=3, upto=88)


def test_only_what_changed_leaves() -> None:
    totals = counted((SENT, 1))
    assert [tally.status for tally in taken(totals)] == [{"sent": 1}]
    assert taken(totals) == []


def test_open_cell_without_a_message_does_not_leave() -> None:
    assert taken(counted()) == []


def test_total_says_the_whole_and_not_the_change() -> None:
    totals = counted((SENT, 1))
    taken(totals)
    totals.add(*totals.open(CELL), SENT, 1)
    assert [tally.status for tally in taken(totals)] == [{"sent": 2}]


def test_number_falls_when_a_message_moves_on_and_zero_is_not_said() -> None:
    [tally] = taken(counted((SENT, 1), (SENT, -1), (FAILED, 1)))
    assert (tally.submitted, tally.status, tally.failures) == (1, {"failed": 1}, {"recipient_unknown/permanent": 1})


def test_cell_that_fell_to_nothing_leaves_once_more() -> None:
    totals = counted((FAILED, 1))
    taken(totals)
    totals.add(*totals.open(CELL), FAILED, -1)
    [tally] = taken(totals)
    assert (tally.submitted, tally.status, tally.failures) == (0, {}, {})


def test_key_is_of_partition_and_cell_alone() -> None:
    [tally] = taken(counted((SENT, 1)))
    assert tally.key == tally_key(3, CELL) == b'3/["sms","20801","FR","r1","direct","otp",3600]'


def test_total_is_read_back_as_it_was() -> None:
    [tally] = taken(counted((SENT, 1), (FAILED, 1)))
    assert read_tally(tally.value) == tally
