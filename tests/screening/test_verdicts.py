"""Duplicates: the second of two rows is one, however it is spelt."""

from acquit.screening.verdicts import FirstLines, Reject, Row, Screen


def judge(*texts: str | None) -> list[str | Reject]:
    screen = Screen("email", lambda text: text.lower() if "@" in text else Reject("not_an_address", "has no @"))
    return screen.judge(Row(line, "", text) for line, text in enumerate(texts, 2))


def test_a_duplicate_names_the_line_of_the_first() -> None:
    again = Reject("duplicate", "stands on line 2 first")
    assert judge("jo@b.fr", "JO@b.fr", "al@b.fr", "jo@b.fr") == ["jo@b.fr", again, "al@b.fr", again]


def test_what_is_no_address_is_no_duplicate() -> None:
    assert judge("jo", "jo") == [Reject("not_an_address", "has no @")] * 2


def test_a_row_without_the_column_cannot_be_read() -> None:
    (found,) = judge(None)
    assert isinstance(found, Reject)
    assert found.reason == "unreadable"


def test_every_line_of_a_large_list_is_told_apart() -> None:
    lines = FirstLines()
    assert all(lines.first(f"jo{line}@b.fr", line) == line for line in range(1, 100_000))
    assert lines.first("jo70000@b.fr", 100_000) == 70_000
