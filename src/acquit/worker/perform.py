"""Effects become records. The one place that knows which topic, key and partition an effect has."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from acquit.effects import Alert, Append, Counted, DeadLetter, Effect, Held, Holding, Listing, Suppression, Tally
from acquit.events import Verdict, encode, epoch_ms
from acquit.worker.sending import Outgoing, partition_of
from acquit.worker.settings import Settings


class Performer:
    """Turns effects into outgoing records. `partitions` gives the partition count of each of our topics."""

    def __init__(self, settings: Settings, partitions: Mapping[str, int]) -> None:
        self._events = settings.topic("events")
        self._commands = settings.topic("commands")
        self._dead = settings.topic("dead-letters")
        self._suppressions = settings.topic("suppressions")
        self._log = settings.topic("suppression-log")
        self._held = settings.topic("held")
        self._tallies = settings.topic("tallies")
        self._alerts = settings.topic("alerts")
        self._partitions = partitions

    def outgoing(self, effects: Iterable[Effect], *, partition: int, timestamp_ms: int) -> list[Outgoing]:
        """The records of these effects, in order. `partition` is the ledger's own, `timestamp_ms` that of their cause."""
        records: list[Outgoing] = []
        for effect in effects:
            match effect:
                case Suppression():
                    records.append(self._listed(effect.listing, partition))
                    records.append(self._keyed(self._log, effect.recipient.encode(), effect.log, epoch_ms(effect.at)))
                case Listing():
                    records.append(self._listed(effect, partition))
                case Held():
                    records.append(Outgoing(self._held, partition, effect.key, effect.value))
                case Tally() | Holding() | Counted():
                    records.append(Outgoing(self._tallies, 0, effect.key, effect.value))
                case DeadLetter():
                    records.append(self.dead_letter(effect))
                case Alert():
                    records.append(self._keyed(self._alerts, effect.key, effect.value, epoch_ms(effect.at)))
                case Verdict():
                    records += self._everywhere(effect)
                case Append():
                    records.append(self.append(effect, timestamp_ms=timestamp_ms))
        return records

    def append(self, effect: Append, *, timestamp_ms: int) -> Outgoing:
        outgoing = self._keyed(self._events, effect.key, effect.value, timestamp_ms)
        if effect.partition is None:
            return outgoing
        return replace(outgoing, partition=effect.partition % self._partitions[self._events])

    def dead_letter(self, effect: DeadLetter) -> Outgoing:
        """Its retention counts from now; when it was first written stands in its headers."""
        partition = partition_of(effect.key or effect.value or b"", self._partitions[self._dead])
        return Outgoing(self._dead, partition, effect.key, effect.value, headers=effect.headers)

    def _listed(self, listing: Listing, partition: int) -> Outgoing:
        return Outgoing(self._suppressions, partition, listing.key, listing.value, epoch_ms(listing.at))

    def _everywhere(self, verdict: Verdict) -> list[Outgoing]:
        """Intake copies it into every partition of the log."""
        at_ms = epoch_ms(verdict.at)
        return [
            self._keyed(self._commands, b"verdict/%d" % number, encode(replace(verdict, partition=number)), at_ms)
            for number in range(self._partitions[self._events])
        ]

    def _keyed(self, topic: str, key: bytes, value: bytes, timestamp_ms: int) -> Outgoing:
        return Outgoing(topic, partition_of(key, self._partitions[topic]), key, value, timestamp_ms)
