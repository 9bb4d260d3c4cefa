"""The rows of a file: each with its own text, and none lost, whatever is wrong with the quotes."""

import io

from hypothesis import given
from hypothesis import strategies as st

from acquit.screening.layout import Layout
from acquit.screening.rows import FIELD_LIMIT, Rows
from acquit.screening.verdicts import Row

PLAIN = Layout(None, has_header=False, fields=1, column=0, name=None, channel="email")
CSV = Layout(",", has_header=False, fields=2, column=1, name=None, channel="email")
HEADED = Layout(",", has_header=True, fields=2, column=1, name="email", channel="email")


def lines(text: str) -> io.StringIO:
    return io.StringIO(text, newline="")


def rows(text: str, layout: Layout = CSV) -> list[Row]:
    return list(Rows(lines(text), layout))


def test_each_row_keeps_its_very_text() -> None:
    assert rows('1,a@b.fr\r\n"2",  "c@d.fr"\n3,e@f.fr') == [
        Row(1, "1,a@b.fr\r\n", "a@b.fr"),
        Row(2, '"2",  "c@d.fr"\n', '  "c@d.fr"'),
        Row(3, "3,e@f.fr", "e@f.fr"),
    ]


def test_a_quoted_field_may_hold_lines() -> None:
    assert rows('"two\nlines",a@b.fr\n2,c@d.fr\n') == [
        Row(1, '"two\nlines",a@b.fr\n', "a@b.fr"),
        Row(3, "2,c@d.fr\n", "c@d.fr"),
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line_alone() -> None:
    text = '1,a@b.fr\n"2,c@d.fr\n3,e@f.fr\n4,g@h.fr\n'
    assert [(row.line, row.text) for row in rows(text)] == [(1, "a@b.fr"), (2, None), (3, "e@f.fr"), (4, "g@h.fr")]


def test_a_quote_that_a_later_row_closes_costs_its_own_line_alone() -> None:
    text = '1,"a@b.fr\n2,"c@d.fr"\n3,e@f.fr\n'
    assert [(row.line, row.text) for row in rows(text)] == [(1, None), (2, "c@d.fr"), (3, "e@f.fr")]


def test_a_quote_left_open_before_very_many_rows_costs_its_own_line_alone() -> None:
    many = FIELD_LIMIT // 10 * 3
    found = rows('"0,x@y.fr\n' + "1,a@b.fr\n" * many)
    assert [row.line for row in found] == list(range(1, many + 2))
    assert [row.text for row in found] == [None] + ["a@b.fr"] * many


def test_a_row_without_the_column_has_no_text() -> None:
    assert rows("1\n2,a@b.fr\n") == [Row(1, "1\n", None), Row(2, "2,a@b.fr\n", "a@b.fr")]


def test_blank_lines_are_counted_and_are_no_rows() -> None:
    found = Rows(lines("\n1,a@b.fr\n  \n\r\n2,c@d.fr\n"), CSV)
    assert [row.line for row in found] == [2, 5]
    assert found.blank == 3


def test_the_header_is_no_row() -> None:
    found = Rows(lines('id,"e\nmail"\n1,a@b.fr\n'), HEADED)
    assert list(found) == [Row(3, "1,a@b.fr\n", "a@b.fr")]
    assert found.header == 'id,"e\nmail"\n'


def test_a_plain_list_may_quote_its_addresses() -> None:
    assert rows(' "a@b.fr" \n\nc@d.fr', PLAIN) == [Row(1, ' "a@b.fr" \n', "a@b.fr"), Row(3, "c@d.fr", "c@d.fr")]


def test_rows_that_are_not_utf8_are_counted() -> None:
    found = Rows(lines("1,jos\xe9@b.fr\n2,jos\xc3\xa9@b.fr\n"), CSV)
    assert [row.text for row in found] == ["josé@b.fr", "josé@b.fr"]
    assert found.not_utf8 == 1


@given(st.text('a@",\n\r \xa0\x85', max_size=40), st.sampled_from([PLAIN, CSV, HEADED]))
def test_nothing_of_a_file_is_lost_but_blank_lines(text: str, layout: Layout) -> None:
    found = Rows(lines(text), layout)
    kept = [row.raw for row in found]
    assert "".join([found.header, *kept]).split() == text.split()
    numbers = [row.line for row in rows(text, layout)]
    assert numbers == sorted(set(numbers))
