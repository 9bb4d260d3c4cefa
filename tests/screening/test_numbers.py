"""Which numbers can exist, and how those are read that do not name their country."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.address import canonical
from acquit.errors import Undecodable
from acquit.screening.numbers import read_number
from acquit.screening.verdicts import Reject

PARIS = "+33612345678"


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        (PARIS, None, PARIS),
        ("33612345678", None, PARIS),
        ("0033 6 12 34 56 78", None, PARIS),
        ("+33 (0)6 12.34.56-78", None, PARIS),
        ("whatsapp:+33612345678", None, PARIS),
        ("(+33) 6 12 34 56 78", None, PARIS),
        ("tel:+33-6-12-34-56-78", None, PARIS),
        ("+39 06 1234 5678", None, "+390612345678"),  # Italy: the zero belongs to the number
        ("+5215512345678", None, "+5215512345678"),  # WhatsApp's ids of Mexico
        ("+5491123456789", None, "+5491123456789"),
        ("06 12 34 56 78", "FR", PARIS),
        ("612345678", "FR", PARIS),  # the zero went with a spreadsheet
        ("33612345678", "FR", PARIS),
        ("447911123456", "FR", "+447911123456"),  # too long for France
        ("+447911123456", "FR", "+447911123456"),
        ("0044 7911 123456", "FR", "+447911123456"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("030 901820", "DE", "+4930901820"),
        ("491701234567", "DE", "+491701234567"),
        ("33612345678", "US", PARIS),
        ("6592623456", "US", "+16592623456"),  # Alabama, though it would be one of Singapore, too
        ("06 1234 5678", "IT", "+390612345678"),
    ],
)
def test_a_number_has_one_canonical_form(text: str, region: str | None, number: str) -> None:
    assert read_number(text, "sms", region) == number


@pytest.mark.parametrize(
    ("text", "region", "detail"),
    [
        ("", None, "is empty"),
        ("n/a", None, "has no digits"),
        ("0612345678", None, "names no country: say --region"),
        ("+3361234567", None, "is too short for its country"),
        ("+336123456789", None, "is too long for its country"),
        ("36173", None, "is too short for its country"),
        ("+999123456789", None, "is no number of any country"),
        ("3.36123E+10", None, "was rounded by a spreadsheet: its digits are lost"),
        ("0612345678 / 0712345678", "FR", "is no number of any country"),
        ("33612345678", "DE", "may be of two countries: it needs its + or its zero"),
        ("1" * 100_000, None, "is too long"),
        ("jo@example.com", None, "has no digits"),
    ],
)
def test_what_is_no_number_is_rejected_with_why(text: str, region: str | None, detail: str) -> None:
    assert read_number(text, "sms", region) == Reject("not_a_number", detail)


@pytest.mark.parametrize("text", ["+330612345678", "+49030901820", "330612345678"])
def test_a_zero_for_use_within_the_country_is_none_of_the_number(text: str) -> None:
    assert read_number(text, "sms", None) in {PARIS, "+4930901820"}


@pytest.mark.parametrize("text", ["Jo +33612345678", "+33612345678 x12", "+1 415 555 COPY"])
def test_a_number_among_letters_is_only_suggested(text: str) -> None:
    found = read_number(text, "sms", None)
    assert found == Reject("not_a_number", "has letters in it", PARIS if "33" in text else "+14155552679")


def test_the_zero_of_a_decimal_number_is_none_of_its_digits() -> None:
    """Germany has numbers of both lengths."""
    found = read_number("491701234567.0", "sms", None)
    assert found == Reject("not_a_number", "was made a decimal number by a program", "+491701234567")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_country_s_own_number_is_read_in_all_its_forms(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(region, kind)
        if example is None:
            continue
        forms = phonenumbers.PhoneNumberFormat
        number = phonenumbers.format_number(example, forms.E164)
        assert read_number(number, "sms", None) == number
        assert read_number(phonenumbers.format_number(example, forms.INTERNATIONAL), "sms", None) == number
        national = phonenumbers.format_number(example, forms.NATIONAL)
        assert read_number(national, "sms", region) == number, national


_NUMBERS = st.builds(
    lambda start, digits: start + digits,
    st.sampled_from(
        ["+", "", "00", "+33", "+1", "+49", "+54", "+55", "+52", "+39", "0", "+33 ", "+33(0)", "+7 8", ".", "(+33)"]
    ),
    st.text("0123456789 -.", max_size=16),
)


@given(_NUMBERS)
def test_what_is_accepted_is_what_everybody_else_reads(text: str) -> None:
    found = read_number(text, "sms", None)
    assert isinstance(found, Reject) or found == canonical("sms", text)


@given(_NUMBERS)
def test_a_number_that_phonenumbers_takes_for_possible_is_accepted_or_one_is_suggested(text: str) -> None:
    try:
        number = phonenumbers.parse(canonical("sms", text), None)
    except (Undecodable, phonenumbers.NumberParseException):
        return
    if phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE:
        found = read_number(text, "sms", None)
        assert isinstance(found, str) or found.suggestion


@given(_NUMBERS, st.sampled_from([None, "FR", "US", "DE", "AR", "IT", "RU"]))
def test_a_canonical_number_is_read_as_itself(text: str, region: str | None) -> None:
    found = read_number(text, "sms", region)
    if isinstance(found, str):
        assert read_number(found, "sms", region) == found


@given(
    st.text("0123456789", min_size=6, max_size=13),
    st.sampled_from(["FR", "US", "DE", "GB", "IT", "BR", "AR", "RU", "HU"]),
)
def test_a_number_of_a_region_is_read_as_phonenumbers_reads_it(text: str, region: str) -> None:
    """But for what begins as another country's numbers do."""
    if text.startswith("00"):
        return
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_valid_number(number):
        expected = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        found = read_number(text, "sms", region)
        assert found == expected or not text.startswith("0")
        assert found in {expected, "+" + text} or isinstance(found, Reject)
