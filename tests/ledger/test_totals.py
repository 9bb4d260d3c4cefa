"""Running totals: what leaves is always the whole of a cell, so that leaving twice is harmless."""

import msgspec

from acquit.effects import Cell, Tally, read_tally, tally_key
from acquit.events import PERMANENCES, STATUSES
from acquit.ledger import counters
from acquit.ledger.counters import by_field
from acquit.ledger.merge import STATUS_NUMBER
from acquit.ledger.totals import Standing, Totals, key_of

CELL = Cell("sms", "20801", "FR", "r1", "direct", "otp", 3_600)
SENT: Standing = (counters.SUBMITTED, counters.STATUS + STATUS_NUMBER["sent"])
FAILED: Standing = (counters.SUBMITTED, counters.STATUS + STATUS_NUMBER["failed"], counters.FAILURES + len(PERMANENCES))


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


# The journal of cells


def journaled(totals: Totals, copy: Totals) -> bytes:
    packed = msgspec.msgpack.encode(totals.table.take_delta())
    copy.table.load_delta(packed)
    return packed


def named(totals: Totals) -> dict[str, object]:
    [running] = [running for _, _, running in totals.table]
    return {**by_field(running.unpacked(), running.contents), "examples": running.examples}


def test_journal_is_told_the_counters_that_changed_and_no_others() -> None:
    totals, copy = counted((SENT, 1)), Totals()
    journaled(totals, copy)
    totals.add(*totals.open(CELL), SENT, -1)
    totals.add(*totals.open(CELL), FAILED, 1)
    [(_, _, change)] = msgspec.msgpack.decode(journaled(totals, copy))
    assert named(copy) == named(totals)
    assert set(change) == {"m"}
    assert change["m"] == {counters.SUBMITTED: 1, SENT[1]: 0, FAILED[1]: 1, FAILED[2]: 1}


def test_cell_that_was_packed_counts_on() -> None:
    totals, copy = counted((SENT, 1)), Totals()
    journaled(totals, copy)
    totals.table.rows[CELL.hour][key_of(CELL)].pack()
    totals.add(*totals.open(CELL), SENT, 1)
    journaled(totals, copy)
    assert named(copy)["submitted"] == {"": 2}


def test_journal_of_format_2_is_read() -> None:
    former = [msgspec.to_builtins(CELL), 3, [0, 1, 0, 0, 0, 0, 0, 2], {"recipient_unknown/permanent": 2},
              {20: 1}, {20: 1}, {"click": 1}, {"failed_after_delivery": 1}]  # fmt: skip
    by_block, by_delta = Totals(), Totals()
    by_block.table.load_block(CELL.hour, msgspec.msgpack.encode({"an old key": former}))
    changed = by_delta.table.load_delta(msgspec.msgpack.encode([(CELL.hour, "an old key", former)]))
    assert changed == [(CELL.hour, key_of(CELL))]
    assert named(by_block) == named(by_delta)
    assert named(by_block) == {
        "submitted": {"": 3}, "status": {STATUSES[1]: 1, STATUSES[7]: 2}, "failures": {"recipient_unknown/permanent": 2},
        "delivered_in": {20: 1}, "converted_in": {20: 1}, "engaged": {"click": 1},
        "contradicted": {"failed_after_delivery": 1}, "examples": None,
    }  # fmt: skip


IN_FORMAT_3 = {
    0: 3, 8: 2, 18: 1, 126: 2, 243: 1, 253: 1, 260: 2, 318: 2, 327: 1, 440: 2, 501: 1, 505: 1, 538: 1, 540: 2,
}  # fmt: skip
OF_FORMAT_3 = {
    "submitted": {"": 3}, "status": {"failed": 2}, "failures": {"recipient_unknown/none": 1}, "delivered_in": {20: 2},
    "engaged": {"click": 1}, "contradicted": {"denied": 1}, "delivered_by": {"shape/15": 2}, "converted_by": {"batch/0": 1},
    "delivered_at": {59: 2}, "early": {60: 1}, "probed": {"live_delivered": 1}, "segments": {"10/failed": 1},
    "content": {"otp/delivered": 2}, "examples": None,
}  # fmt: skip
"""What format 3 called the same, but for {"octile/3": 2} of what was delivered, which is no slot."""


def test_journal_of_format_3_is_read_and_its_changes_count_on() -> None:
    former = {"c": msgspec.to_builtins(CELL), "n": IN_FORMAT_3, "k": ["otp", "other"]}
    by_block, by_delta, key = Totals(), Totals(), key_of(CELL)
    by_block.table.load_block(CELL.hour, msgspec.msgpack.encode({key: former}))
    by_delta.table.load_delta(msgspec.msgpack.encode([(CELL.hour, key, former)]))
    by_delta.table.load_delta(msgspec.msgpack.encode([(CELL.hour, key, {"n": {538: 0, 540: 5}})]))
    assert named(by_block) == OF_FORMAT_3
    assert named(by_delta) == {k: v for k, v in OF_FORMAT_3.items() if k != "segments"} | {
        "content": {"otp/delivered": 5}
    }


def test_journal_of_format_3_is_written_again_in_this_one() -> None:
    totals, copy, key = Totals(), Totals(), key_of(CELL)
    former = {"c": msgspec.to_builtins(CELL), "n": IN_FORMAT_3, "k": ["otp", "other"]}
    totals.table.load_block(CELL.hour, msgspec.msgpack.encode({key: former}))
    copy.table.load_block(CELL.hour, msgspec.msgpack.encode(dict(totals.table.block_rows(CELL.hour))))
    assert named(copy) == OF_FORMAT_3
