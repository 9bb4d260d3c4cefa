"""Records that no SMPP decoder can read. None holds an id or a stat, so the most patient decoder must give up too."""

from collections.abc import Callable

_SHAPES: tuple[Callable[[int], bytes], ...] = (
    lambda n: b"\xff\xfe\xc3\x28 \xf0\x28\x8c\x28 %08d" % n,  # no UTF-8
    lambda n: b'{"source_addr": "33%08d", "des' % n,  # cut off
    lambda n: b'{"source_addr": 5, "destination_addr": "ACME", "short_message": [%d], "tlvs": 0}' % n,
    lambda _: b"",
    lambda n: b"your parcel %08d comes on Monday" % n,  # a text, no receipt
    lambda n: b'["receipt", %d]' % n,
)


def malformed(number: int) -> bytes:
    """Any number has its own bytes, but for the empty ones."""
    return _SHAPES[number % len(_SHAPES)](number)
