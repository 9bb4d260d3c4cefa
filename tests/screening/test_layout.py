"""How a list is laid out, guessed from its first rows; refused where two guesses are as good."""

import pytest

from acquit.screening.layout import BadList, Layout, decoded, guess


def latin(text: str) -> str:
    """As the bytes of a UTF-8 file are read."""
    return text.encode().decode("latin-1")


@pytest.mark.parametrize(
    ("sample", "layout"),
    [
        ("jo@example.com\nal@example.com\n", Layout(None, False, 1, 0, None, "email")),
        ("+33612345678\n0612345678\n", Layout(None, False, 1, 0, None, "sms")),
        ("email\njo@example.com\n", Layout(None, True, 1, 0, "email", "email")),
        ("jo at example\nal@example.com\n", Layout(None, False, 1, 0, None, "email")),  # a bad row is no header
        ("id,email\n1,jo@example.com\n", Layout(",", True, 2, 1, "email", "email")),
        ("id;E-Mail\n1;jo@example.com\n", Layout(";", True, 2, 1, "E-Mail", "email")),
        ("id\temail\n1\tjo@example.com\n", Layout("\t", True, 2, 1, "email", "email")),
        ("id|email\r1|jo@example.com\r", Layout("|", True, 2, 1, "email", "email")),
        ("1,jo@example.com\n2,al@example.com\n", Layout(",", False, 2, 1, None, "email")),
        ('name,email\n"Smith, Jo",jo@example.com\n', Layout(",", True, 2, 1, "email", "email")),
        ("name,contact\nJo,jo@example.com\n", Layout(",", True, 2, 1, "contact", "email")),  # by what it holds
        ("id,mobile\n1000234,+33612345678\n", Layout(",", True, 2, 1, "mobile", "sms")),
        ("id,ref\n1000234,+33612345678\n", Layout(",", True, 2, 1, "ref", "sms")),  # an id is no number
        ("id,Téléphone portable\n1,0612345678\n", Layout(",", True, 2, 1, "Téléphone portable", "sms")),
        ("id,whatsapp\n1,33612345678\n", Layout(",", True, 2, 1, "whatsapp", "whatsapp")),
        ("email,mailing_list,email_opt_in\njo@example.com,news,yes\n", Layout(",", True, 3, 0, "email", "email")),
        ("phone,phone_checked\n0612345678,2026-11-22 10:00\n", Layout(",", True, 2, 0, "phone", "sms")),
        ("id,email\n", Layout(",", True, 2, 1, "email", "email")),
        ("jo@gmail,com\nal@gmail.com\nbo@gmail.com\ncy@gmail.com\n", Layout(None, False, 1, 0, None, "email")),
    ],
)
def test_the_layout_is_guessed_from_header_and_content(sample: str, layout: Layout) -> None:
    assert guess(latin(sample)) == layout


BOTH = "id,email,phone\n1,jo@example.com,+33612345678\n"
TWO = "email,email\njo@example.com,al@example.com\n"


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (BOTH, r"columns 2 \(email\) and 3 \(phone\)"),
        (TWO, r"columns 1 \(email\) and 2 \(email\)"),
        ("name,city\nJo,Paris\n", "no column"),
        ("", "empty"),
        ("\r\n \n", "empty"),
    ],
)
def test_what_is_not_certain_is_refused(sample: str, said: str) -> None:
    with pytest.raises(BadList, match=said):
        guess(sample)


@pytest.mark.parametrize("column", ["phone", " PHONE ", "3"])
def test_the_column_may_be_named_or_numbered(column: str) -> None:
    assert guess(BOTH, column=column) == Layout(",", True, 3, 2, "phone", "sms")


def test_the_channel_may_be_told() -> None:
    assert guess(BOTH, channel="email").column == 1
    assert guess(BOTH, channel="rcs") == Layout(",", True, 3, 2, "phone", "rcs")


@pytest.mark.parametrize(("sample", "column"), [(BOTH, "mail"), (BOTH, "0"), (BOTH, "4"), (TWO, "email")])
def test_a_column_that_is_not_there_or_there_twice_is_refused(sample: str, column: str) -> None:
    with pytest.raises(BadList, match="--column"):
        guess(sample, column=column)


def test_no_error_repeats_an_address() -> None:
    with pytest.raises(BadList) as caught:
        guess("jo@example.com,al@example.com\n")
    assert "@" not in str(caught.value)


def test_what_is_not_utf8_is_latin1() -> None:
    assert decoded("jos\xe9") == ("josé", False)
    assert decoded(latin("josé")) == ("josé", True)
