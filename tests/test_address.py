"""The canonical form of an address.

VECTORS and REFUSED are the published contract: a client in any language checks itself by them.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acquit.address import canonical, mask
from acquit.errors import Undecodable
from acquit.events import CHANNELS, Channel

PARIS = "+33612345678"

VECTORS: list[tuple[Channel, str, str]] = [
    # numbers
    ("sms", "+33612345678", PARIS),
    ("sms", "33612345678", PARIS),  # most providers leave the + out
    ("sms", "0033612345678", PARIS),
    ("sms", "00 33 6 12 34 56 78", PARIS),
    ("sms", "+33 6 12 34 56 78", PARIS),
    ("sms", "+33-6-12-34-56-78", PARIS),
    ("sms", "+33 (0)6 12 34 56 78", PARIS),  # the trunk zero of a letterhead
    ("sms", " 33612345678\n", PARIS),
    ("sms", "tel:+33-6-12-34-56-78", PARIS),
    ("whatsapp", "whatsapp:+33612345678", PARIS),  # Twilio
    ("rcs", "rcs:+33612345678", PARIS),
    ("sms", "+39 06 1234 5678", "+390612345678"),  # Italy: the zero belongs to the number
    ("sms", "+1 (415) 555-2671", "+14155552671"),
    ("sms", "+442079460958", "+442079460958"),
    # mailboxes
    ("email", "Jo@Example.COM", "jo@example.com"),
    ("email", " jo@example.com ", "jo@example.com"),
    ("email", "jose\u0301@example.com", "jos\u00e9@example.com"),  # NFC
    ("email", "jo@Bu\u0308cher.example", "jo@xn--bcher-kva.example"),
    ("email", "jo@xn--bcher-kva.example", "jo@xn--bcher-kva.example"),
    ("email", "jo@example.com.", "jo@example.com"),
    ("email", "straße@example.de", "straße@example.de"),
    ("email", "strasse@example.de", "strasse@example.de"),
    ("email", "jo@straße.de", "jo@xn--strae-oqa.de"),  # IDNA 2008, not strasse.de
    ("email", "jo+news@example.com", "jo+news@example.com"),
    ("email", "j.o@gmail.com", "j.o@gmail.com"),  # what a provider takes for one mailbox is its own matter
    ("email", "J\u030c@example.com", "\u01f0@example.com"),  # composed only once it is lower case
    ("email", "a" * 242 + "@example.com", "a" * 242 + "@example.com"),  # 254
]

REFUSED: list[tuple[Channel, str]] = [
    ("sms", "36173"),  # a short code
    ("sms", "+36173"),
    ("sms", "0612345678"),  # of which country?
    ("sms", "ACME"),  # a sender's name
    ("sms", ""),
    ("sms", "+"),
    ("sms", "jo@example.com"),
    ("sms", "+" + "1" * 40),
    ("whatsapp", "whatsapp:"),
    ("email", "jo"),
    ("email", "+33612345678"),
    ("email", ""),
    ("email", "j o@example.com"),
    ("email", "jo@exam ple.com"),
    ("email", "jo@"),
    ("email", "jo@."),
    ("email", "jo@.example.com"),
    ("email", "@example.com"),
    ("email", "jo@\u00ad.de"),  # a domain of nothing
    ("email", "a" * 243 + "@example.com"),  # 255
    ("email", "jo@" + "é" * 70 + ".de"),  # a label over 63
]

_NUMBERS = st.builds(
    lambda prefix, rest: prefix + rest,
    st.sampled_from(["", "+", "00", "+33", "+1", "+39", "33", "whatsapp:+", "tel:", "0"]),
    st.text("0123456789 -().", max_size=20) | st.text(max_size=12),
)
_MAILBOXES = st.builds(
    lambda local, domain: f"{local}@{domain}",
    st.text(max_size=12),
    st.text("abcXÉß.-0", max_size=12) | st.text(max_size=8).map(lambda label: f"{label}.example"),
)
_ADDRESSES = st.tuples(st.sampled_from(CHANNELS), _NUMBERS | _MAILBOXES)


def canonical_or_error(channel: Channel, address: str) -> str | Undecodable:
    try:
        return canonical(channel, address)
    except Undecodable as error:
        return error


@pytest.mark.parametrize(("channel", "address", "expected"), VECTORS)
def test_address_has_one_canonical_form(channel: Channel, address: str, expected: str) -> None:
    assert canonical(channel, address) == expected


@pytest.mark.parametrize(("channel", "address"), REFUSED)
def test_what_is_no_address_is_refused(channel: Channel, address: str) -> None:
    with pytest.raises(Undecodable) as caught:
        canonical(channel, address)
    assert caught.value.reason == "absurd_value"


def test_sharp_s_and_double_s_are_two_people() -> None:
    assert canonical("email", "straße@example.de") != canonical("email", "strasse@example.de")


@given(_ADDRESSES)
@example(("email", "J\u030c@example.com"))
def test_canonical_form_is_its_own_canonical_form(address: tuple[Channel, str]) -> None:
    channel, text = address
    once = canonical_or_error(channel, text)
    assert isinstance(once, Undecodable) or canonical(channel, once) == once


@given(
    st.integers(600_000_000, 799_999_999), st.lists(st.sampled_from(["", " ", "-", ".", "  "]), min_size=9, max_size=9)
)
def test_spaces_and_dashes_do_not_make_another_number(national: int, between: list[str]) -> None:
    spelt = "+33 " + "".join(digit + gap for digit, gap in zip(str(national), between, strict=True))
    assert canonical("sms", spelt) == f"+33{national}"


@given(_ADDRESSES)
def test_error_never_tells_the_address(address: tuple[Channel, str]) -> None:
    channel, text = address
    secret = f"4711{text}"  # no sentence of ours holds it
    answer = canonical_or_error(channel, secret)
    assert isinstance(answer, str) or "4711" not in str(answer)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+33612345678", "+336****5678"),
        ("+3361234567", "+336****4567"),  # 11 characters
        ("+336123456", "****"),  # 10: too little is left to hide
        ("+1234567", "****"),
        ("jo@example.com", "j***@example.com"),
        ("j@example.com", "j***@example.com"),
        ("jo@home@example.com", "j***@example.com"),
    ],
)
def test_mask_shows_what_one_knows_already(address: str, shown: str) -> None:
    assert mask(address) == shown


@given(_ADDRESSES)
def test_mask_never_shows_the_address(address: tuple[Channel, str]) -> None:
    known = canonical_or_error(*address)
    assert isinstance(known, Undecodable) or known.startswith("*") or known not in mask(known)  # *@a is in ***@a
