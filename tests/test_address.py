"""The canonical form of an address.

docs/addresses.json is the published contract: a client in any language checks itself by it.
"""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acquit.address import canonical, mask
from acquit.errors import Undecodable
from acquit.events import CHANNELS, Channel

PUBLISHED = json.loads((Path(__file__).parents[1] / "docs" / "addresses.json").read_text(encoding="utf-8"))
VECTORS = [(row["channel"], row["address"], row["canonical"]) for row in PUBLISHED["canonical"]]
REFUSED = [(row["channel"], row["address"]) for row in PUBLISHED["refused"]]

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
