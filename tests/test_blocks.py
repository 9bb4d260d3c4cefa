"""A table of rows in blocks: its deltas and stale blocks say all that changed, and nothing else."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.blocks import Blocks

Step = tuple[str, int, str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "remove", "drop", "delta", "stale"]),
        st.integers(0, 2),
        st.sampled_from("abc"),
        st.integers(0, 99),
    ),
    max_size=30,
)


def rows_of(table: Blocks[int]) -> dict[tuple[int, str], int]:
    return {(block, key): row for block, key, row in table}


def change(table: Blocks[int], step: Step) -> None:
    what, block, key, value = step
    if what == "put":
        table.put(block, key, value)
    elif what == "remove" and table.get(block, key) is not None:
        table.remove(block, key)
    elif what == "drop":
        table.drop(block)


@settings(max_examples=200)
@given(STEPS)
def test_deltas_bring_a_copy_to_the_same_rows(steps: list[Step]) -> None:
    table, copy = Blocks(int), Blocks(int)
    for step in [*steps, ("delta", 0, "", 0)]:
        change(table, step)
        if step[0] == "delta":
            copy.apply(table.take_delta())
            assert rows_of(copy) == rows_of(table)


@settings(max_examples=200)
@given(STEPS)
def test_stale_blocks_bring_a_checkpoint_to_the_same_rows(steps: list[Step]) -> None:
    table = Blocks(int)
    checkpoint: dict[int, dict[str, int]] = {}
    for step in [*steps, ("stale", 0, "", 0)]:
        change(table, step)
        table.take_delta()
        if step[0] == "stale":
            for block in table.take_stale():
                checkpoint[block] = dict(table.rows.get(block, {}))
            assert {(block, key): row for block, rows in checkpoint.items() for key, row in rows.items()} == rows_of(
                table
            )


def test_unchanged_table_has_no_delta_and_no_stale_block() -> None:
    table = Blocks(int)
    table.put(1, "a", 5)
    assert table.take_delta() == [(1, "a", 5)]
    assert table.take_delta() == []
    assert table.take_stale() == [1]
    assert table.take_stale() == []


def test_row_changed_in_place_is_in_the_delta_once_touched() -> None:
    table: Blocks[list[int]] = Blocks(list)
    table.put(1, "a", [])
    table.take_delta()
    table.rows[1]["a"].append(5)
    table.touch(1, "a")
    assert table.take_delta() == [(1, "a", [5])]


def test_row_is_in_the_delta_as_it_is_when_taken() -> None:
    table = Blocks(int)
    table.put(1, "a", 5)
    table.put(1, "a", 6)
    table.put(1, "b", 7)
    table.remove(1, "b")
    assert table.take_delta() == [(1, "a", 6), (1, "b", None)]


def test_dropped_block_that_is_filled_again_holds_the_new_rows_alone() -> None:
    table, copy = Blocks(int), Blocks(int)
    table.put(1, "old", 5)
    copy.apply(table.take_delta())
    assert table.drop(1) == {"old": 5}
    table.put(1, "new", 6)
    copy.apply(table.take_delta())
    assert rows_of(copy) == {(1, "new"): 6}


def test_block_that_was_applied_is_stale() -> None:
    copy = Blocks(int)
    copy.apply([(4, "a", 1)])
    assert copy.take_stale() == [4]


def test_empty_block_is_said_to_be_stale_and_forgotten() -> None:
    table = Blocks(int)
    table.put(1, "a", 5)
    table.remove(1, "a")
    table.take_delta()
    assert (table.take_stale(), table.rows) == ([1], {})


def test_delta_and_block_are_read_back_as_they_were() -> None:
    table = Blocks(int)
    table.put(1, "a", 5)
    table.drop(2)
    delta, rows = table.take_delta(), dict(table.block_rows(1))
    again, copy = Blocks(int), Blocks(int)
    assert again.load_delta(msgspec.msgpack.encode(delta)) == [(2, ""), (1, "a")]
    copy.load_block(1, msgspec.msgpack.encode(rows))
    assert again.rows == copy.rows == {1: {"a": 5}}
