"""A cluster's slots: one MGET reaches one of them, so keys are grouped, and values brought back into the keys' order."""

from collections.abc import Sequence
from typing import Any

from redis.crc import key_slot


def grouped(keys: Sequence[bytes]) -> list[list[int]]:
    """The places of the keys, those of one slot together."""
    slots: dict[int, list[int]] = {}
    for place, key in enumerate(keys):
        slots.setdefault(key_slot(key), []).append(place)
    return list(slots.values())


def in_order(groups: Sequence[Sequence[int]], found: Sequence[Sequence[Any]]) -> list[Any]:
    """The values of all groups, each at its key's place."""
    values: list[Any] = [None] * sum(map(len, groups))
    for places, some in zip(groups, found, strict=True):
        for place, value in zip(places, some, strict=True):
            values[place] = value
    return values
