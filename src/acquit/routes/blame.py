"""Whose trouble it is: the carrier's, a supplier's at all its carriers, or one route's. One alert for one trouble.

Flows are added up two ways, by carrier and by supplier (fake-receipts.md 5, 6). If what is too much stays when the worst
supplier is taken away, it is the carrier's; if it goes, it is that supplier's, and where the same supplier has it at its
other carriers, too, it is the supplier and none of these carriers. Where the others are too few to tell, it is the carrier's.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from acquit.routes.evidence import Finding
from acquit.routes.flows import Flow
from acquit.routes.raised import Subject
from acquit.routes.windows import Window, added

Windows = list[Window]
Measured = tuple[float, float, float]
"""How surprising, how many too many, and of how many."""
Measure = Callable[[Windows, int], Measured]
Find = Callable[[Windows, Sequence[Flow]], Finding | None]
Unit = TypeVar("Unit", bound=Hashable)
_TELLING = 4.0
"""So many must be too many among the others, if they had the same trouble, to say that they do not have it."""
_SAME, _HOT_NATS = 1 / 3, 2.0
_MOST, _COUNTS = 2 / 3, 0.05


def troubles(flows: Mapping[Flow, Windows], find: Find, measure: Measure) -> dict[Subject, Finding]:
    """What is found, and whose it is. All flows are of one channel."""
    found: dict[Subject, Finding] = {}
    hot = dict(_found(flows, find, lambda flow: flow.carrier))
    undecided: dict[tuple[str, str], Finding] = {}  # supplier, carrier
    for carrier, finding in hot.items():
        there = {flow: windows for flow, windows in flows.items() if flow.carrier == carrier}
        suppliers = _that_count(_by(there, lambda flow: flow.supplier), finding.window, measure)
        if len(suppliers) == 1:
            undecided[next(iter(suppliers)), carrier] = finding
        elif not _can_tell(suppliers, finding.window, measure):
            found[Subject(_channel(flows), carrier)] = replace(finding, is_sure=False)
        elif (supplier := _worst(suppliers, finding.window, measure)) is not None:
            undecided[supplier, carrier] = finding
        else:
            found[Subject(_channel(flows), carrier)] = finding
    parts = Counter(carrier for _, carrier, _ in {_part(flow) for flow in flows})
    split = {flow: windows for flow, windows in flows.items() if flow.carrier not in hot and parts[flow.carrier] > 1}
    for (supplier, carrier, _), finding in _found(split, find, _part):
        undecided.setdefault((supplier, carrier), finding)
    for supplier in dict.fromkeys(supplier for supplier, _ in undecided):
        mine = {carrier: finding for (one, carrier), finding in undecided.items() if one == supplier}
        found |= _of_supplier(flows, supplier, mine, measure)
    return found


def _of_supplier(
    flows: Mapping[Flow, Windows], supplier: str, mine: Mapping[str, Finding], measure: Measure
) -> dict[Subject, Finding]:
    channel = _channel(flows)
    worst = max(mine.values(), key=lambda finding: finding.nats)
    carriers = _by({flow: w for flow, w in flows.items() if flow.supplier == supplier}, lambda flow: flow.carrier)
    measured = {carrier: measure(windows, worst.window) for carrier, windows in carriers.items()}
    judged = [carrier for carrier, (_, _, of) in measured.items() if carrier in mine or worst.share * of >= _TELLING]
    same = [carrier for carrier in judged if carrier in mine or _is_same(measured[carrier], worst.share)]
    if len(same) > 1 and len(same) >= _MOST * len(judged):
        return {Subject(channel, "", supplier): worst}
    found = {}
    is_sure = len(judged) == sum(of > 0 for _, _, of in measured.values())
    for carrier, told in mine.items():
        finding = told if is_sure else replace(told, is_sure=False)
        there = {flow: windows for flow, windows in flows.items() if flow.carrier == carrier}
        suppliers = _that_count(_by(there, lambda flow: flow.supplier), finding.window, measure)
        routes = _by({f: w for f, w in there.items() if f.supplier == supplier}, lambda flow: flow.route)
        routes = _that_count(routes, finding.window, measure)
        route = _worst(routes, finding.window, measure) if len(routes) > 1 else None
        if list(suppliers) == [supplier]:  # nobody else carries anything there: what is not a route's is the carrier's
            found[Subject(channel, carrier, supplier if route else "", route or "")] = finding
        else:
            found[Subject(channel, carrier, supplier, next(iter(routes)) if len(routes) == 1 else route or "")] = (
                finding
            )
    return found


def _that_count(parts: Mapping[Unit, Windows], window: int, measure: Measure) -> dict[Unit, Windows]:
    """Without those that carry next to nothing now: they can tell nothing."""
    sizes = {part: measure(windows, window)[2] for part, windows in parts.items()}
    return {part: parts[part] for part, of in sizes.items() if of >= _COUNTS * sum(sizes.values())}


def _part(flow: Flow) -> tuple[str, str, str]:
    return flow.supplier, flow.carrier, flow.route


def _is_same(measured: Measured, share: float) -> bool:
    nats, excess, of = measured
    return nats >= _HOT_NATS and excess / of >= share * _SAME


def _worst(parts: Mapping[str, Windows], window: int, measure: Measure) -> str | None:
    """The one part without which there is nothing; None if there is something without it, too, or nobody can say."""
    worst, share, others, of_others = _split(parts, window, measure)
    if share * of_others < _TELLING:
        return None
    return worst if others / of_others < share * _SAME else None


def _can_tell(parts: Mapping[str, Windows], window: int, measure: Measure) -> bool:
    _, share, _, of_others = _split(parts, window, measure)
    return share * of_others >= _TELLING


def _split(parts: Mapping[str, Windows], window: int, measure: Measure) -> tuple[str, float, float, float]:
    """The worst part, how much is too much in all, and how much of how many in the other parts."""
    _, excess, of = measure(_added(list(parts.values())), window)
    worst = max(parts, key=lambda part: measure(parts[part], window)[1])
    _, others, of_others = measure(_added([windows for part, windows in parts.items() if part != worst]), window)
    return worst, excess / of if of else 0.0, others, of_others


def _found(flows: Mapping[Flow, Windows], find: Find, of: Callable[[Flow], Unit]) -> Iterable[tuple[Unit, Finding]]:
    members: dict[Unit, list[Flow]] = {}
    for flow in flows:
        members.setdefault(of(flow), []).append(flow)
    for unit, mine in members.items():
        finding = find(_added([flows[flow] for flow in mine]), mine)
        if finding is not None:
            yield unit, finding


def _by(flows: Mapping[Flow, Windows], of: Callable[[Flow], Unit]) -> dict[Unit, Windows]:
    groups: dict[Unit, list[Windows]] = {}
    for flow, windows in flows.items():
        groups.setdefault(of(flow), []).append(windows)
    return {unit: _added(parts) for unit, parts in groups.items()}


def _added(parts: Sequence[Windows]) -> Windows:
    return parts[0] if len(parts) == 1 else added(parts)


def _channel(flows: Mapping[Flow, Windows]) -> str:
    return next(iter(flows)).channel
