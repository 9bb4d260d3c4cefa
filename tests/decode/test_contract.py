"""What holds for every decoder. A new one joins by its line in the registry and its folder of samples."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.decode import DECODERS, Context, Decoded
from acquit.errors import UNDECODABLE_REASONS, Undecodable
from tests.builders import shipped_rules
from tests.decode.samples import Sample, decoded, samples, told

RULES = shipped_rules()
SECRET = "Your code is 8080"
SAMPLES = samples()
READ = [sample for sample in SAMPLES if not sample.is_refused]
each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.provider}/{sample.case}")
each_read = pytest.mark.parametrize("sample", READ, ids=lambda sample: f"{sample.provider}/{sample.case}")
each_json = pytest.mark.parametrize(
    "sample",
    [sample for sample in READ if sample.body.lstrip().startswith(b"{")],
    ids=lambda sample: f"{sample.provider}/{sample.case}",
)
each_provider = pytest.mark.parametrize("provider", DECODERS)


def quoting(body: bytes) -> bytes:
    """The same payload with the message's text where the provider may put it, and where nobody expects it."""
    try:
        fields = json.loads(body)
    except ValueError:
        quoted, times = re.subn(rb"(?s)\btext:.*", b"text:" + SECRET.encode(), body, flags=re.IGNORECASE)
        return quoted if times else body.rstrip() + b" text:" + SECRET.encode()
    more = {"body": SECRET, "message": {"text": SECRET}, "texts": [SECRET]}
    if isinstance(fields, list):
        return json.dumps([{**event, **more} if isinstance(event, dict) else event for event in fields]).encode()
    return json.dumps({**fields, **more}).encode()


def told_each(said: list[Decoded] | Undecodable) -> list[Any]:
    assert isinstance(said, list)
    return [told([one], RULES) for one in said]


def comparable(said: Any) -> Any:
    """Without what an expectation says beyond the reason of a refusal, and times as one form of text."""
    if isinstance(said, list):
        return [comparable(one) for one in said]
    return json.loads(msgspec.json.encode({name: value for name, value in said.items() if name != "where"}))


@each_provider
def test_decoder_has_samples(provider: str) -> None:
    assert sum(sample.provider == provider for sample in READ) >= 5


@each
def test_sample_says_what_is_expected(sample: Sample) -> None:
    expected = json.loads(sample.expected.read_bytes())
    said = decoded(sample.provider, sample.body, sample.context)
    assert comparable(told(said, RULES)) == comparable(expected)
    if isinstance(said, Undecodable):
        assert expected.get("where", "") in said.detail


@each_read
def test_message_text_never_passes(sample: Sample) -> None:
    said = decoded(sample.provider, quoting(sample.body), sample.context)
    items = told(said, RULES)
    for item in items if isinstance(items, list) else [items]:
        item.get("reply", {}).pop(
            "text", None
        )  # what a person wrote: it is looked at for STOP and START, and ends there
    assert SECRET not in json.dumps(items, default=str)


@each_read
def test_payload_is_read_the_same_twice(sample: Sample) -> None:
    first, second = (decoded(sample.provider, sample.body, sample.context) for _ in range(2))
    assert told(first, RULES) == told(second, RULES)


@each_json
def test_events_in_an_array_are_read_as_each_is_alone(sample: Sample) -> None:
    alone = decoded(sample.provider, sample.body, sample.context)
    assert isinstance(alone, list)
    several = decoded(sample.provider, b"[%b, %b]" % (sample.body, sample.body), sample.context)
    assert told_each(several) == told_each(alone) * 2


@each_json
def test_event_that_cannot_be_read_costs_its_neighbours_nothing(sample: Sample) -> None:
    alone = decoded(sample.provider, sample.body, sample.context)
    several = decoded(sample.provider, b"[%b, 17, %b]" % (sample.body, sample.body), sample.context)
    assert told_each(several) == [*told_each(alone), {"refused": "wrong_type"}, *told_each(alone)]


@each_provider
def test_body_of_too_many_events_is_refused(provider: str) -> None:
    said = decoded(provider, b"[" + b"{}," * 200_000 + b"{}]", Context())
    assert isinstance(said, Undecodable)
    assert said.reason in {"absurd_value", "undecodable"}


_CONTEXTS = st.sampled_from(
    [
        Context(),
        Context(to="+33612345678", channel="sms", zone="Europe/Paris"),
        Context(zone="Nowhere", channel="email"),
    ]
)
_DAMAGED = st.builds(
    lambda sample, start, length, junk: (
        sample.body[: start % len(sample.body)] + junk + sample.body[start % len(sample.body) + length :]
    ),
    st.sampled_from(SAMPLES),
    st.integers(0, 10_000),
    st.integers(0, 40),
    st.binary(max_size=12)
    | st.sampled_from([b"[", b"{", b'"', b"null", b"1e999", b"-1", b"\\ud800", b"\0", b",,", b"true"]),
)


@each_provider
@settings(max_examples=30)  # test_fuzz.py tries many more
@given(body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode) | _DAMAGED, context=_CONTEXTS)
def test_any_bytes_are_read_or_undecodable(provider: str, body: bytes, context: Context) -> None:
    said = decoded(provider, body, context)
    assert isinstance(said, list) or said.reason in UNDECODABLE_REASONS


@each_provider
@settings(max_examples=30)  # test_fuzz.py tries many more
@given(body=_DAMAGED, context=_CONTEXTS)
def test_detail_never_holds_what_may_be_an_address(provider: str, body: bytes, context: Context) -> None:
    said = decoded(provider, body, context)
    for refused in said if isinstance(said, list) else [said]:
        if isinstance(refused, Undecodable):
            assert not re.search(r"\d{7}|@[^ ]", refused.detail)


@each_provider
@pytest.mark.parametrize("body", [b"", b"\0", b"null", b"[" * 100_000, b'{"a":' * 100_000, b"\xff" * 1000])
def test_body_of_nothing_is_undecodable(provider: str, body: bytes) -> None:
    assert isinstance(decoded(provider, body, Context()), Undecodable)
