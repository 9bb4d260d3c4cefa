"""Which domain is meant, where a large one was misspelt; and which others are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.rules.domains import load_domains
from acquit.screening.slips import Slips, slip_at

SLIPS = Slips(load_domains())
LARGE = SLIPS.domains.large


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("mgail.com", "gmail.com"),  # the first two letters changed places
        ("gmail.con", "gmail.com"),
        ("gmial.con", "gmail.com"),  # both
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmailcom", "gmail.com"),
        ("yaho.fr", "yahoo.fr"),
        ("hotmial.co.uk", "hotmail.co.uk"),
        ("hotmail.co.k", "hotmail.co.uk"),
        ("wanado.fr", "wanadoo.fr"),
        ("example.con", "example.com"),  # there is no such top-level domain
        ("example.nett", "example.net"),
    ],
)
def test_one_slip_beside_a_large_domain_is_seen(domain: str, meant: str) -> None:
    assert SLIPS.meant(domain) == meant


@pytest.mark.parametrize(
    "domain",
    [
        *LARGE,
        "mail.com",
        "email.com",
        "ymail.com",
        "fmail.com",  # another first letter is a name of its own
        "yahoo.ro",  # a country's own
        "hotmail.ch",
        "outlook.cz",
        "orange.es",
        "gmialll.com",  # more than one slip
        "example.com",
        "gmx.de",
        "co.com",
        "",
    ],
)
def test_what_may_be_real_is_left_alone(domain: str) -> None:
    assert not SLIPS.meant(domain)


def test_a_trusted_domain_is_no_slip() -> None:
    assert not Slips(load_domains(["gmaill.com"])).meant("gmaill.com")


@given(st.sampled_from(LARGE), st.data())
def test_every_slip_within_the_name_is_found(large: str, data: st.DataObject) -> None:
    name = large[: large.index(".")]
    place = data.draw(st.integers(1, len(name) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    made = data.draw(
        st.sampled_from(
            [
                large[:place] + large[place + 1 :],
                large[:place] + letter + large[place:],
                large[:place] + letter + large[place + 1 :],
                large[: place - 1] + large[place] + large[place - 1] + large[place + 1 :],
            ]
        )
    )
    assert made == large or slip_at(made, large) is not None


@given(st.text("abc.", max_size=6), st.text("abc.", max_size=6))
def test_a_slip_is_seen_from_both_sides(one: str, other: str) -> None:
    assert (slip_at(one, other) is None) is (slip_at(other, one) is None)
