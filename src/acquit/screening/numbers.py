"""Whether a text is a phone number that can exist, by the numbering plans of phonenumbers: right country code, right length.

Not whether it is in use, nor of which kind: plans change, and a number of a new range must not be lost. phonenumbers takes
40 microseconds or more; what it would say of nearly all numbers is known from its tables at a glance.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber

from acquit.address import canonical
from acquit.errors import Undecodable
from acquit.events import Channel
from acquit.screening.verdicts import Reject, Verdict

_GAPS = str.maketrans(dict.fromkeys(" -.()/\u00a0\u202f\t", None))
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9]{6,15}")
_ROUNDED = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_DECIMAL = re.compile(r"\+?[0-9]{6,}\.0+")
_OLD_MEXICAN_MOBILE = re.compile(r"\+521[0-9]{10}")
"""Mexico gave up the 1 in 2019, and WhatsApp's ids still have it."""
_LONGEST = 64


class _Plan(NamedTuple):
    """What phonenumbers knows of the numbers after a country code."""

    code: str
    lengths: frozenset[int]
    general: re.Pattern[str]
    prefix: re.Pattern[str] | None  # what may stand before a number within the country
    has_plain_zero: bool  # that is, a zero, whose place nothing takes

    def holds(self, national: str) -> bool:
        """Whether phonenumbers takes it as it is: it can exist, and begins with nothing that would be taken away."""
        if len(national) not in self.lengths:
            return False
        taken = self.prefix.match(national) if self.prefix else None
        return not taken or taken.end() == 0


def read_number(text: str, channel: Channel, region: str | None) -> Verdict:
    """`region` is the country of numbers that do not name theirs."""
    text = text.strip()
    if text.endswith("0") and _DECIMAL.fullmatch(text):  # else the zero would be one of its digits
        meant = read_number(text.partition(".")[0], channel, region)
        suggestion = meant if isinstance(meant, str) else meant.suggestion
        return Reject("not_a_number", "was made a decimal number by a program", suggestion)
    compact = text.translate(_GAPS)
    if text.startswith("00"):
        compact = "+" + compact[2:]
    if region is not None and not compact.startswith("+"):
        return _national(compact, region) or _slowly(text, channel, region)
    if not compact.startswith("+") and text[:1].isdigit():
        compact = "+" + compact
    if _is_plain(compact) or (text in {compact, compact[1:]} and _OLD_MEXICAN_MOBILE.fullmatch(compact)):
        return compact
    return _slowly(text, channel, region)


def is_region(text: str) -> bool:
    return text in phonenumbers.SUPPORTED_REGIONS


def _is_plain(number: str) -> bool:
    if not _INTERNATIONAL.fullmatch(number):
        return False
    for digits in (2, 3, 4):
        if plan := _plan_of_code(number[1:digits]):
            return plan.holds(number[digits:])
    return False


def _national(compact: str, region: str) -> str | None:
    """Its canonical form, where it is plainly a number of the region and of no other country."""
    plan = _plan_of_region(region)
    if not _DIGITS.fullmatch(compact) or _is_plain("+" + compact):
        return None
    if plan.has_plain_zero and compact[0] == "0":
        rest = compact[1:]
        is_one = len(rest) in plan.lengths and plan.general.fullmatch(rest) and not plan.general.fullmatch(compact)
        return f"+{plan.code}{rest}" if is_one else None
    return f"+{plan.code}{compact}" if plan.holds(compact) and plan.general.fullmatch(compact) else None


def _slowly(text: str, channel: Channel, region: str | None) -> Verdict:
    if len(text) > _LONGEST:
        return Reject("not_a_number", "is too long")
    if _ROUNDED.fullmatch(text):
        return Reject("not_a_number", "was rounded by a spreadsheet: its digits are lost")
    bare = text.removeprefix("whatsapp:").removeprefix("rcs:").removeprefix("tel:").strip()
    bare = "+" + bare[2:] if bare.startswith("00") else bare
    found = _with_country(text, bare, channel, region)
    if isinstance(found, str) and any(letter.isalpha() for letter in bare):
        return Reject("not_a_number", "has letters in it", found)
    if isinstance(found, str) and found != text:
        return read_number(found, channel, None)  # a second zero may have stood behind the first
    return found


def _with_country(text: str, bare: str, channel: Channel, region: str | None) -> Verdict:
    if "+" in bare or "\uff0b" in bare:
        return _read(text, channel, bare, _parsed(bare, None))
    international = _parsed("+" + bare, None) if bare[:1].isdigit() and bare[0] != "0" else None
    if region is None:
        return _read(text, channel, bare, international)
    return _of_region(bare, _plan_of_region(region), _parsed(bare, region), international)


def _of_region(bare: str, plan: _Plan, national: PhoneNumber | None, international: PhoneNumber | None) -> Verdict:
    """Written without its country. A spreadsheet takes away a + as well as a zero, and then two may be meant."""
    readings = [number for number in (national, international) if number and _is_possible(number)]
    valid = {_e164(number): number for number in readings if phonenumbers.is_valid_number(number)}
    if not readings:
        return Reject("not_a_number", _why_not(bare, [number for number in (national, international) if number], plan))
    if len(valid) < 2 or national is None or not _is_without_its_zero(national):
        return _e164(next(iter(valid.values()), readings[0]))
    if bare.startswith(plan.code) and international is not None:
        return _e164(international)
    return Reject("not_a_number", "may be of two countries: it needs its + or its zero")


def _is_without_its_zero(national: PhoneNumber) -> bool:
    """Asked of a text that begins with none: whether people of its country would have written one."""
    return phonenumbers.format_number(national, phonenumbers.PhoneNumberFormat.NATIONAL).lstrip("(").startswith("0")


def _read(text: str, channel: Channel, bare: str, number: PhoneNumber | None) -> Verdict:
    if number is None or not _is_possible(number):
        return Reject("not_a_number", _why_not(bare, [number] if number else [], None))
    try:
        return canonical(channel, text)  # senders and the list go by that
    except Undecodable:
        has_letters = any(letter.isalpha() for letter in bare)
        why = "has letters in it" if has_letters else "is written in a way that nobody else reads"
        return Reject("not_a_number", why, _e164(number))


def _why_not(text: str, readings: list[PhoneNumber], plan: _Plan | None) -> str:
    if not text:
        return "is empty"
    if not any(letter.isdigit() for letter in text):
        return "has no digits"
    if not readings and plan is None and text[0] == "0" and "+" not in text:
        return "names no country: say --region"
    for number in readings:
        said = phonenumbers.is_possible_number_with_reason(number)
        if said in {phonenumbers.ValidationResult.TOO_SHORT, phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
            return "is too short for its country"
        if said == phonenumbers.ValidationResult.TOO_LONG:
            return "is too long for its country"
    return "is no number of any country"


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_possible(number: PhoneNumber) -> bool:
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


@lru_cache(maxsize=2_048)
def _plan_of_code(code: str) -> _Plan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    return _plan(code, regions[0]) if regions else None


@lru_cache(maxsize=8)
def _plan_of_region(region: str) -> _Plan:
    return _plan(str(phonenumbers.country_code_for_region(region)), region)


def _plan(code: str, region: str) -> _Plan:
    known = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
    assert known is not None
    assert known.general_desc is not None
    prefix = known.national_prefix_for_parsing
    return _Plan(
        code=code,
        lengths=frozenset(length for length in known.general_desc.possible_length if length > 0),
        general=re.compile(known.general_desc.national_number_pattern or ""),
        prefix=re.compile(prefix) if prefix else None,
        has_plain_zero=prefix == "0" and not known.national_prefix_transform_rule,
    )
