"""A mail to its parts: broken, nested and in any charset."""

import base64

import pytest

from acquit.decode.bounce.charsets import decoded_as, seen
from acquit.decode.bounce.headers import headers_of, readable
from acquit.decode.bounce.parts import mails_in, read_mail, words_of


def texts(mail: bytes) -> list[str]:
    return [part.text.strip() for part in read_mail(mail).parts]


def multipart(*pieces: bytes, head: bytes = b'Content-Type: multipart/mixed; boundary="b"') -> bytes:
    return head + b"\n\n" + b"".join(b"--b\n" + piece + b"\n" for piece in pieces) + b"--b--\n"


def test_parts_come_in_their_order() -> None:
    assert texts(multipart(b"\none", b"Content-Type: text/plain\n\ntwo")) == ["one", "two"]


def test_attached_message_is_a_message_of_its_own() -> None:
    mail = read_mail(multipart(b"\nnotice", b"Content-Type: message/rfc822\n\nSubject: hello\n\nbody"))
    assert [message.headers.get("subject") for message in mail.messages] == ["", "hello"]
    assert mail.messages[1].within == 0
    assert [part.text.strip() for part in mail.of(1)] == ["body"]


def test_message_without_a_type_is_known_by_its_header_fields() -> None:
    mail = read_mail(multipart(b"\nnotice", b"Received: by x; now\nContent-Type: text/plain\n\nsecret"))
    assert len(mail.messages) == 2
    assert words_of(mail, 0) == "notice"


def test_text_behind_the_original_is_none_of_the_bounce() -> None:
    mail = read_mail(multipart(b"\nnotice", b"Content-Type: message/rfc822\n\nSubject: x\n\ny", b"\nsecret"))
    assert words_of(mail, 0) == "notice"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: multipart/mixed",
        b"Content-Type: multipart/mixed; boundary=other",
        b"Content-Type: multipart/mixed boundary=b",
        b'Content-Type: multipart/mixed;\n\tBOUNDARY = "b"',
    ],
)
def test_boundary_is_found_however_it_is_said(head: bytes) -> None:
    assert texts(multipart(b"\none", b"\ntwo", head=head)) == ["one", "two"]


def test_boundary_that_begins_like_another_is_another() -> None:
    inner = b'Content-Type: multipart/mixed; boundary="b-2"\n\n--b-2\n\none\n--b-2\n\ntwo\n--b-2--'
    assert texts(multipart(inner, b"\nthree")) == ["one", "two", "three"]


def test_mail_without_its_last_boundary_is_read_to_its_end() -> None:
    assert texts(multipart(b"\none", b"\ntwo").removesuffix(b"--b--\n")) == ["one", "two"]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\r", b"\n"])
def test_line_ends_are_one(line_end: bytes) -> None:
    [mail] = mails_in(multipart(b"\none").replace(b"\n", line_end))
    assert texts(mail) == ["one"]


def test_mailbox_file_holds_several_mails() -> None:
    mail = b"From a@b  Sun Nov 22 09:15:00 2026\n" + multipart(b"\none")
    assert len(mails_in(mail + mail)) == 2


def test_line_of_a_mailbox_file_within_a_mail_begins_none() -> None:
    quoted = multipart(b"\nhe wrote\n\nFrom a@b  Sun Nov 22 09:15:00 2026\nSubject: x\n\ny", b"\ntwo")
    assert mails_in(quoted) == [quoted]


@pytest.mark.parametrize(
    ("charset", "claimed"),
    [
        ("utf-8", "iso-8859-1"),
        ("iso-8859-1", "iso-8859-1"),
        ("cp1252", "x-unknown"),
        ("utf-16", "utf-16"),
        ("utf-8", "utf-7"),
    ],
)
def test_words_are_read_whatever_the_charset_claims(charset: str, claimed: str) -> None:
    assert decoded_as("Empfängerin nicht gefunden".encode(charset), claimed) == "Empfängerin nicht gefunden"


@pytest.mark.parametrize("claimed", ["", "iso-2022-jp", "us-ascii", "utf-8"])
def test_japanese_of_seven_bits_says_itself_what_it_is(claimed: str) -> None:
    assert decoded_as("宛先が不明です".encode("iso2022_jp"), claimed) == "宛先が不明です"


@pytest.mark.parametrize("body", [b"bm9ib2R5", b"bm9ib2R5!!\n", b"bm9i\nb2R5", b"bm9ib2R5A"])
def test_base64_is_read_as_far_as_it_goes(body: bytes) -> None:
    assert texts(b"Content-Transfer-Encoding: BASE64\n\n" + body)[0].startswith("nobody")


def test_html_is_read_as_lines() -> None:
    assert seen("<style>p{}</style><p>one&nbsp;&lt;a@b&gt;</p><p>two<br>three").split("\n") == [
        "one\xa0<a@b>",
        "two",
        "three",
    ]


def test_html_with_a_number_of_thousands_of_digits_is_read() -> None:
    assert seen(f"&#{'9' * 5_000};")


def test_headers_are_unfolded_and_what_is_none_is_passed_over() -> None:
    headers = headers_of("From x  Sun\nSubject: one\n two\nno field here\nTo : a@b\n: c\nX:\n")
    assert headers.fields == [("subject", "one two"), ("to", "a@b"), ("x", "")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=?utf-8?Q?=C3=89chec?=", "Échec"),
        ("=?iso-2022-jp?B?GyRCJSglaSE8GyhC?=", "エラー"),
        ("=?hex?Q?00?=", "00"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-8?B?YQ", "=?utf-8?B?YQ"),
    ],
)
def test_encoded_words_are_read_or_left(value: str, words: str) -> None:
    assert words in readable(value)


def test_part_in_base64_of_a_zip_is_no_text() -> None:
    zipped = base64.encodebytes(b"PK\x03\x04" + bytes(range(256)))
    mail = multipart(b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + zipped)
    assert texts(mail) == [""]
