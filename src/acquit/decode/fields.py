"""The fields of a provider's payload, read with care: what is missing or of another type is named, never quoted.

JSON of a known shape becomes a Struct (`read`). A flat payload, JSON or form, becomes a dict (`flat`) of which
`required` and `optional` take strings. All raise Undecodable, whose detail holds the field's path and no value.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from acquit.errors import Undecodable

T = TypeVar("T")
_FLAT: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


def read(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    """The payload as the decoder's Struct."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _complaint(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Undecodable("undecodable", "not JSON") from None


def flat(body: bytes) -> dict[str, Any]:
    """The fields of a JSON object, or of a form (application/x-www-form-urlencoded)."""
    body = body.strip()
    return read(_FLAT, body) if body.startswith(b"{") else _form(body)


def required(fields: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that holds something."""
    for name in names:
        value = optional(fields, name)
        if value is not None:
            return value
    raise Undecodable("missing_field", f"$.{names[0]}: is missing or empty")


def optional(fields: Mapping[str, Any], name: str) -> str | None:
    """The field as a string, whole numbers too; None if it is absent, null or empty."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Undecodable("wrong_type", f"$.{name}: expected a string")


def _form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:  # not UTF-8, as it stands or behind its percent signs
        raise Undecodable("undecodable", "neither a JSON object nor a form in UTF-8") from None
    return dict(pairs)


def _complaint(problem: str) -> Undecodable:
    """Msgspec's sentence, sorted into our closed list. It names types and paths; values only of enumerations."""
    if "missing required field" in problem:
        return Undecodable("missing_field", problem)
    if " of length " in problem:
        return Undecodable("absurd_value", problem)
    return Undecodable("wrong_type", problem)
