"""HTML and SVG made of tags. What is not made here is escaped: names and words of suppliers come from outside."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is markup already. Only `tag` makes it."""

    __slots__ = ()


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """An element. None inside, or as an attribute, is left out; `class_` and `stroke_width` are `class` and `stroke-width`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{_joined(inside)}</{name}>")


def trusted(text: str) -> Markup:
    """For our own constants: styles and the like. Never for what comes from outside."""
    return Markup(text)


_EMPTY = frozenset({"meta", "br"})


def _joined(inside: Iterable[object]) -> str:
    return "".join(_one(part) for part in inside if part is not None)


def _one(part: object) -> str:
    if isinstance(part, Markup):
        return str(part)
    if isinstance(part, str) or not isinstance(part, Iterable):
        return escape(_visible(str(part)))
    return _joined(part)


def _visible(text: str) -> str:
    """Without marks that turn or hide other letters."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
