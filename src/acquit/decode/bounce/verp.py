"""What our own return address says of a bounced message (VERP): nobody on the way rewrites it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from acquit.decode.bounce.addresses import addresses_in
from acquit.decode.bounce.headers import Headers
from acquit.decode.context import Context


class Verp(NamedTuple):
    """What our own return address says, which nobody on the way rewrites."""

    message_id: str | None
    to: str | None


def in_verp(form: str, addresses: Iterable[str]) -> Verp | None:
    """Read by the form that the route names, such as `bounces+{message_id}-{to}@example.org`; `=` in `to` is its @."""
    before, first, between, second, after = _form(form)
    for address in addresses:
        rest = address.casefold()
        if not rest.startswith(before) or not rest.endswith(after) or len(rest) <= len(before) + len(after):
            continue
        held = address[len(before) : len(address) - len(after)]
        one, mark, other = held.partition(between) if between else (held, "", "")
        if not one or (between and not (mark and other)):
            continue
        said = {first: one, second: other}
        return Verp(said.get("message_id"), _unverped(said.get("to")))
    return None


def _form(form: str) -> tuple[str, str, str, str, str]:
    """Before, the first name, between, the second name, after."""
    before, _, rest = form.partition("{")
    first, _, rest = rest.partition("}")
    between, opened, rest = rest.partition("{")
    if not opened:
        return before.casefold(), first, "", "", between.casefold()
    second, _, after = rest.partition("}")
    return before.casefold(), first, between, second, after.casefold()


def _unverped(to: str | None) -> str | None:
    if not to:
        return None
    name, equals, domain = to.rpartition("=")
    return f"{name}@{domain}" if equals and name and domain else None


def returned_to(bounce: Headers, original: Headers) -> Iterator[str]:
    """The addresses that the bounce was sent to, and the original's return address."""
    names = ("delivered-to", "x-original-to", "envelope-to", "to", "x-envelope-to", "apparently-to")
    for headers, fields in ((bounce, names), (original, ("return-path", "errors-to", "sender"))):
        for name in fields:
            for value in headers.all(name):
                yield from (found.address for found in addresses_in(value))


def verp_recipient(bounce: Headers, original: Headers, context: Context) -> str | None:
    found = in_verp(context.verp, returned_to(bounce, original)) if context.verp else None
    return found.to if found else None
