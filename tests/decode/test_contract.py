"""What holds for every decoder. A new one joins by its line in the registry and its folder of samples.

samples/<provider>/<case>.<ext>          a payload as the provider sends it
samples/<provider>/<case>.context.json   what is known beside it, if anything
samples/<provider>/<case>.expected.json  what it says, in the form that the provider's own test reads
samples/<provider>/<case>.refused.json   or {"reason": ...}
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.decode import DECODERS, Context, Decoded
from acquit.errors import UNDECODABLE_REASONS, Undecodable

FOLDER = Path(__file__).parent.parent / "samples"
SECRET = "Your code is 8080"
_BESIDE = (".expected.json", ".refused.json", ".context.json")


class Sample(NamedTuple):
    provider: str
    case: str
    body: bytes
    context: Context

    @property
    def refused(self) -> Path:
        return FOLDER / self.provider / f"{self.case}.refused.json"

    @property
    def expected(self) -> Path:
        return FOLDER / self.provider / f"{self.case}.expected.json"


def samples() -> list[Sample]:
    found = []
    for path in sorted(path for provider in DECODERS for path in (FOLDER / provider).iterdir()):
        if not path.name.endswith(_BESIDE):
            context = path.with_name(f"{path.stem}.context.json")
            known = msgspec.json.decode(context.read_bytes(), type=Context) if context.exists() else Context()
            found.append(Sample(path.parent.name, path.stem, path.read_bytes(), known))
    return found


SAMPLES = samples()
READ = [sample for sample in SAMPLES if not sample.refused.exists()]
each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.provider}/{sample.case}")
each_read = pytest.mark.parametrize("sample", READ, ids=lambda sample: f"{sample.provider}/{sample.case}")
each_provider = pytest.mark.parametrize("provider", DECODERS)


def decoded(provider: str, body: bytes, context: Context) -> list[Decoded] | Undecodable:
    try:
        return list(DECODERS[provider](body, context))
    except Undecodable as error:
        return error


def quoting(body: bytes) -> bytes:
    """The same payload with the message's text where the provider may put it, and where nobody expects it."""
    try:
        fields = json.loads(body)
    except ValueError:
        quoted, times = re.subn(rb"(?s)\btext:.*", b"text:" + SECRET.encode(), body, flags=re.IGNORECASE)
        return quoted if times else body.rstrip() + b" text:" + SECRET.encode()
    return json.dumps({**fields, "body": SECRET, "message": {"text": SECRET}, "texts": [SECRET]}).encode()


@each_provider
def test_decoder_has_samples(provider: str) -> None:
    assert any(sample.provider == provider for sample in READ)


@each
def test_sample_is_read_or_refused_as_expected(sample: Sample) -> None:
    said = decoded(sample.provider, sample.body, sample.context)
    assert sample.refused.exists() != sample.expected.exists()
    if sample.refused.exists():
        assert isinstance(said, Undecodable)
        assert said.reason == json.loads(sample.refused.read_bytes())["reason"]
    else:
        assert isinstance(said, list)
        expected = json.loads(sample.expected.read_bytes())
        assert len(said) == (len(expected) if isinstance(expected, list) else 1)


@each_read
def test_message_text_never_passes(sample: Sample) -> None:
    said = decoded(sample.provider, quoting(sample.body), sample.context)
    assert isinstance(said, list)
    assert SECRET.encode() not in msgspec.json.encode(said)


@each_read
def test_payload_is_read_the_same_twice(sample: Sample) -> None:
    assert decoded(sample.provider, sample.body, sample.context) == decoded(
        sample.provider, sample.body, sample.context
    )


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
@given(body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode) | _DAMAGED, context=_CONTEXTS)
def test_any_bytes_are_read_or_undecodable(provider: str, body: bytes, context: Context) -> None:
    said = decoded(provider, body, context)
    assert isinstance(said, list) or said.reason in UNDECODABLE_REASONS


@each_provider
@given(body=_DAMAGED, context=_CONTEXTS)
def test_detail_never_holds_what_may_be_an_address(provider: str, body: bytes, context: Context) -> None:
    said = decoded(provider, body, context)
    if isinstance(said, Undecodable):
        assert not re.search(r"\d{7}|@[^ ]", said.detail)


@each_provider
@pytest.mark.parametrize("body", [b"", b"\0", b"null", b"[" * 100_000, b'{"a":' * 100_000, b"\xff" * 1000])
def test_body_of_nothing_is_undecodable(provider: str, body: bytes) -> None:
    assert isinstance(decoded(provider, body, Context()), Undecodable)
