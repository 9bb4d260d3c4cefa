"""What is a mailbox that can be sent to, and what is meant where it is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.address import canonical
from acquit.rules.domains import load_domains
from acquit.screening.mailbox import is_role, read_mailbox
from acquit.screening.slips import Slips
from acquit.screening.verdicts import Reject

SLIPS = Slips(load_domains())


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jo@example.com", "jo@example.com"),
        (" Jo@Example.COM ", "jo@example.com"),
        ("o'brien+news@example.com", "o'brien+news@example.com"),
        ("a.b_c-d@sub.example.co.uk", "a.b_c-d@sub.example.co.uk"),
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
        ("josé@example.com", "josé@example.com"),
        ("jo@example.xn--p1ai", "jo@example.xn--p1ai"),
        ('"jo..x"@example.com', '"jo..x"@example.com'),
        ("jo..x.@docomo.ne.jp", "jo..x.@docomo.ne.jp"),  # no RFC allows it, and people have it
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_a_mailbox_is_known_by_its_canonical_form(text: str, address: str) -> None:
    assert read_mailbox(text, SLIPS) == address == canonical("email", text)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("jogmail.com", "jo@gmail.com"),
        ("jo.smith.gmail.com", "jo.smith@gmail.com"),
        ("jo@@example.com", "jo@example.com"),
        ("jo@ @example.com", "jo@example.com"),
        ("jo@gmail,com", "jo@gmail.com"),
        ("jo@gmail..com", "jo@gmail.com"),
        ("jo@example.com.", "jo@example.com"),
        ("jo@example.com...", "jo@example.com"),
        ("jo @example.com", "jo@example.com"),
        ("jo@ example.com", "jo@example.com"),
        ("jo@example .com", "jo@example.com"),
        ("jo@gmailcom", "jo@gmail.com"),
        ("jo(at)example.com", "jo@example.com"),
        ("jo at example.com", "jo@example.com"),
        ("Jo Smith <jo@example.com>", "jo@example.com"),
        ("mailto:jo@example.com", "jo@example.com"),
        ("<jo@example.com>;", "jo@example.com"),
        ("jo@@gmial.com", "jo@gmail.com"),
        ("\u200bjo@example.com", "jo@example.com"),  # a space of no width, from a web page
    ],
)
def test_what_is_meant_is_suggested_and_the_row_rejected(text: str, suggestion: str) -> None:
    found = read_mailbox(text, SLIPS)
    assert isinstance(found, Reject)
    assert (found.reason, found.suggestion) == ("not_an_address", suggestion)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "jo",
        "@gmail.com",
        "gmail.com",
        "www.gmail.com",
        "jo@example",
        "jo@-example.com",
        "jo@192.168.0.1",
        "jo smith@example.com",  # jo.smith? josmith?
        "jo\u00a0smith@example.com",
        "jo,smith@example.com",
        "a@example.com, b@example.com",
        "a@example.com;b@example.com",
        "jo@home@example.com",
        "jo..smith@example.com",
        "joexample.com",  # of no large domain: where should the @ stand?
        "+33612345678",
        "a" * 65 + "@example.com",
        "x" * 100_000,
    ],
)
def test_nothing_is_suggested_where_more_than_one_may_be_meant(text: str) -> None:
    found = read_mailbox(text, SLIPS)
    assert isinstance(found, Reject)
    assert (found.reason, found.suggestion) == ("not_an_address", "")


def test_a_misspelt_domain_is_rejected_with_the_one_that_is_meant() -> None:
    assert read_mailbox("Jo@GMIAL.com", SLIPS) == Reject("misspelt_domain", "looks like gmail.com", "jo@gmail.com")


def test_only_what_stands_before_the_at_makes_a_role() -> None:
    assert is_role("postmaster@example.com")
    assert not is_role("jo@postmaster.example.com")


_TEXTS = st.builds(
    lambda local, between, domain: local + between + domain,
    st.text(max_size=10) | st.text("ab.@ ,", max_size=10),
    st.sampled_from(["@", "@@", " @ ", "", "(at)"]),
    st.text("gmailco.,@ ", max_size=12) | st.sampled_from(SLIPS.domains.large) | st.text(max_size=8),
)


@given(_TEXTS)
def test_a_suggestion_is_a_mailbox_itself(text: str) -> None:
    found = read_mailbox(text, SLIPS)
    if isinstance(found, Reject) and found.suggestion:
        assert read_mailbox(found.suggestion, SLIPS) == found.suggestion


@given(_TEXTS)
def test_what_is_accepted_is_what_everybody_else_reads(text: str) -> None:
    found = read_mailbox(text, SLIPS)
    assert isinstance(found, Reject) or found == canonical("email", text)
