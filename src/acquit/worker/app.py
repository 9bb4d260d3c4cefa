"""The worker: one Faust app with four agents, built by a function. What each agent does stands in its own module.

raw topics > intake > events > ledger > suppressions > sink > Redis
                                      > tallies > routes > gauges
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from acquit.capped import Capped
from acquit.effects import DeadLetter, Suppression
from acquit.errors import BadSettings
from acquit.partition import Partition
from acquit.routes.cohorts import Place, RoutesHead, Sums
from acquit.routes.docket import answered
from acquit.rules import Rules
from acquit.worker.connections import faust_credentials, kafka_options, redis_client
from acquit.worker.ending import end_unacknowledged
from acquit.worker.health import Health
from acquit.worker.intake import Intake
from acquit.worker.journaled import Journaled
from acquit.worker.lanes import Lanes, Work
from acquit.worker.list_sink import ListSink
from acquit.worker.list_truth import Truth
from acquit.worker.low_water import low_water
from acquit.worker.origin import SourceChangedError, check_source
from acquit.worker.perform import Performer
from acquit.worker.record_batches import BatchApp, Batches, BatchScheduler
from acquit.worker.sending import Outgoing
from acquit.worker.settings import Settings
from acquit.worker.sources import sources_of
from acquit.worker.standby import Standby
from acquit.worker.waiting import backoff, is_passing, pause

STREAM_BATCHES = 8
RENEW_SECONDS = 5.0
CHECK_SECONDS = 60.0
LAG_SECONDS = 5.0
BEAT_SECONDS = 1.0
IDLE_SECONDS = 1.0
FRESH_SECONDS = 60.0
"""Who is further behind with a topic raises no drop: what is missing may wait there."""
log = logging.getLogger(__name__)


class StoodStillError(Exception):
    """The process was paused, or its loop was blocked, for longer than its session."""


class Worker:
    """The agents of one process and what they share."""

    def __init__(self, settings: Settings, rules: Rules, health: Health, partitions: Mapping[str, int]) -> None:
        self.settings = settings
        self.health = health
        self.metrics = health.metrics
        self.waits = health.waits
        self.metrics.built(ruleset=rules.version)
        self._partitions = partitions
        self._options = kafka_options(settings)
        self._performer = Performer(settings, partitions)
        self._sources = sources_of(settings)
        self._redis = redis_client(settings)
        self._owning: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self.app = build_app(settings)
        self.app.positions = self._positions
        self.app.leave = self._leave
        self._sink: ListSink | None = None
        self._intake = Intake(
            settings, rules=rules, sources=self._sources, performer=self._performer, metrics=self.metrics,
            waits=self.waits, options=self._options,
        )  # fmt: skip
        self._ledger = self._journaled("events", "ledger", self._new_partition(rules), self._fold, self._folded)
        self._routes = self._journaled(
            "tallies", "routes", self._new_sums(rules, health.carriers), self._add_up, self._added
        )
        self._standby = self._new_standby()
        if self._standby is not None:
            self._ledger.known = self._standby.known
        self._verdicts_wait = low_water("verdicts on routes", settings, self._options)
        self._drops_wait = low_water("delivery drops", settings, self._options)
        self._changed: list[Place] = []
        self._read_at: dict[TopicPartition, float] = {}  # when nothing was left to read
        self._effects: dict[int, list[DeadLetter | Suppression]] = {}  # of the batch that is being committed
        self._lanes = {
            "intake": Lanes(self.app, self._measured("intake", self._take_in)),
            "ledger": Lanes(
                self.app, self._measured("ledger", self._take_events), idle=self._flush, idle_seconds=IDLE_SECONDS
            ),
            "sink": Lanes(self.app, self._measured("sink", self._take_suppressions)),
            "routes": Lanes(
                self.app, self._measured("routes", self._take_tallies), idle=self._watch, idle_seconds=IDLE_SECONDS
            ),
        }
        health.watch(self._lanes)
        self._agents()
        self.app.on_partitions_revoked.connect(self._revoked)
        self.app.on_rebalance_complete.connect(self._assigned)
        self.app.timer(RENEW_SECONDS)(self._renew)
        if settings.list_check_hours > 0:
            self.app.timer(min(CHECK_SECONDS, settings.list_check_hours * 3600))(self._check_list)
        self.app.timer(LAG_SECONDS)(self._measure_lag)

    def _agents(self) -> None:
        topics = {
            "intake": tuple(self._sources),
            "ledger": (self.settings.topic("events"),),
            "sink": (self.settings.topic("suppressions"),),
            "routes": (self.settings.topic("tallies"),),
        }
        for name in self.settings.agents:
            self._agent(name, *topics[name])

    def _agent(self, name: str, *topics: str) -> None:
        lanes = self._lanes[name]

        async def relay(stream: faust.Stream[list[Any]]) -> None:
            async for event in stream.events():
                if (
                    event.message.generation_id == self.app.consumer_generation_id
                ):  # else it was read before a rebalance
                    lanes.submit(event.value)

        self.app.agent(self.app.topic(*topics, schema=Batches()), name=name)(relay)

    # what the lanes do

    def _measured(self, agent: str, work: Work) -> Work:
        async def measured(tp: TopicPartition, records: list[Any]) -> None:
            begun = time.monotonic()
            await work(tp, records)
            self.metrics.worked(agent, records=len(records), seconds=time.monotonic() - begun)

        return measured

    async def _take_in(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        await self._intake.take(tp, records)
        self._done(tp, records)

    async def _take_events(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        await self._ledger.take(tp, records)
        self._done(tp, records)

    async def _take_tallies(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        await self._routes.take(tp, records)
        self._done(tp, records)
        await self._judge_day(tp)

    async def _take_suppressions(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        assert self._sink is not None
        await self._sink.project(tp, records)
        self._done(tp, records)

    def _done(self, tp: TopicPartition, records: Sequence[Any]) -> None:
        self.app.consumer.mark_done(tp, records[-1])

    # the ledger's fold and the routes' sum

    def _fold(self, state: Partition, records: Sequence[Any]) -> list[Outgoing]:
        effects = [*state.fold(records), *state.take_counted()]
        self._effects[state.number] = [e for e in effects if isinstance(e, DeadLetter | Suppression)]
        return self._performer.outgoing(effects, partition=state.number, timestamp_ms=state.head.clock_ms)

    def _folded(self, state: Partition) -> None:
        counts = state.take_counts()
        if counts.forgotten:
            log.warning("partition %d has more than max_messages: %d of the oldest are forgotten, what comes for them is too "
                        "late", state.number, counts.forgotten)  # fmt: skip
        if counts.unnamed:
            log.warning("partition %d knows as many sets of labels (route, carrier, stream, account and so on) as it can: "
                        "%d events are counted under their channel alone", state.number, counts.unnamed)  # fmt: skip
        self.metrics.folded(counts, self._effects.pop(state.number, []))

    async def _flush(self, tp: TopicPartition) -> None:
        await self._ledger.flush(tp, self._flushed)

    def _flushed(self, state: Partition) -> list[Outgoing]:
        return self._performer.outgoing([*state.flush(), *state.take_counted()], partition=state.number, timestamp_ms=0)

    def _add_up(self, state: Sums, records: Sequence[Any]) -> list[Outgoing]:
        self._changed = [place for place in map(state.take_record, records) if place]
        return self._judged(state)

    def _judged(self, state: Sums) -> list[Outgoing]:
        alerts = state.judge(time.time_ns() // 1_000_000)
        return self._performer.outgoing(alerts, partition=0, timestamp_ms=0)

    def _added(self, state: Sums) -> None:
        self.metrics.show_cohorts(state.cohorts(self._changed))
        self._show(state)

    def _show(self, state: Sums) -> None:
        self.metrics.show_recent(state.recent)
        self.metrics.show_matched(state.matched())
        self.metrics.show_alerts(state.raised())
        self.metrics.show_held(state.holdings.raised())
        self.metrics.show_verdicts(state.docket.verdicts())

    async def _watch(self, tp: TopicPartition) -> None:
        """Time goes on without traffic, too."""
        self._changed = []
        await self._routes.turn(tp, self._judged)
        await self._judge_day(tp)

    async def _judge_day(self, tp: TopicPartition) -> None:
        """Of many routes it takes half a minute: in a thread, while its lane waits and nothing changes the evidence."""
        journal = self._routes.journals.get(tp.partition)
        day = journal.state.due_day() if journal is not None else None
        if journal is None or day is None or not self._is_counted(day, journal.state.head):
            return
        judged = await asyncio.to_thread(journal.state.docket.weigh, day)
        now_ms = time.time_ns() // 1_000_000
        self._changed = []
        await self._routes.turn(
            tp, lambda state: self._performer.outgoing(state.say(day, judged, now_ms), partition=0, timestamp_ms=0)
        )

    def _is_counted(self, day: int, head: RoutesHead) -> bool:
        """Whether what was said of this day's messages is read, of every topic."""
        water = self._verdicts_wait
        return water is None or water.is_counted(answered(day), now=head.newest_hour, counted=head.counted)

    def _is_fresh(self, counted: Mapping[int, int]) -> bool:
        """Whether hardly anything waits to be read, of any topic."""
        water, now = self._drops_wait, time.monotonic()
        return water is None or water.is_counted(now - FRESH_SECONDS, now=now, counted=counted)

    # rebalances

    async def _revoked(self, *_: Any, **__: Any) -> None:
        self.app.has_assignment = False
        await self._close()
        self.app.consumer.forget()

    async def _leave(self) -> None:
        """End what is under way, and let go of all that is open."""
        if self._beating is not None:
            self._beating.cancel()
        for water in filter(None, (self._verdicts_wait, self._drops_wait)):
            water.stop()
        await self._close()
        await asyncio.gather(self._ledger.disown(), self._routes.disown(), self._intake.stop(), self._redis.aclose())
        if self._sink is not None:
            await self._sink.stop()
        if self._standby is not None:
            await self._standby.stop()

    async def _close(self) -> None:
        """Nothing is under way any more when this returns. What is still being owned may soon be another worker's, which
        would be fenced by it.
        """
        self.health.is_assigned = False
        self.health.lag = {}
        self.metrics.revoked()
        if self._owning is not None:
            self._owning.cancel()
            await asyncio.wait([self._owning])
        await asyncio.gather(*(lanes.close() for lanes in self._lanes.values()))

    async def _assigned(self, *_: Any, **__: Any) -> None:
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        if not self.app.has_assignment:  # this one is over already; the next one is told of, too
            return
        self._owning = asyncio.create_task(self._own(self.app.consumer.assignment()))
        await asyncio.wait([self._owning])
        if not self._owning.cancelled() and (error := self._owning.exception()):
            end_unacknowledged(error)  # owning nothing, the process must not go on

    async def _own(self, assignment: Iterable[TopicPartition]) -> None:
        """Forget all state and load it again; wait, not ready, for what is missing or not as it was."""
        owned: dict[str, list[TopicPartition]] = {}
        begun = time.monotonic()
        for tp in assignment:
            owned.setdefault(tp.topic, []).append(TopicPartition(*tp))  # Faust has a class of its own for these
        for seconds in backoff():
            try:
                await self._load(owned)
                break
            except SourceChangedError as error:
                self.waits.begin("topics", str(error))
                await pause(seconds)
            except BadSettings as error:  # what is journaled cannot be read with them
                self.waits.begin("settings", str(error))
                await pause(seconds)
            except (KafkaError, OSError) as error:
                if not is_passing(error):
                    raise
                self.waits.begin("Kafka", error)
                await pause(seconds)
        self.waits.end("topics")
        self.waits.end("Kafka")
        for lanes in self._lanes.values():
            lanes.begin()
        self.health.is_assigned = True
        self.metrics.assigned(
            {topic: len(tps) for topic, tps in owned.items()}, seconds=time.monotonic() - begun,
            records=self._ledger.loaded + self._routes.loaded,
        )  # fmt: skip
        if self._standby is not None:
            self._standby.begin()  # not before: what is owned is loaded first

    async def _load(self, owned: Mapping[str, list[TopicPartition]]) -> None:
        if self._sink is None:
            self._sink = await self._started_sink()
        self._sink.own(owned.get(self.settings.topic("suppressions"), []))
        async with self._consumer() as reader:
            await self._load_state(owned, reader)
        self.metrics.clear_cohorts()
        for journal in self._routes.journals.values():
            self.metrics.show_cohorts(journal.state.all_cohorts())
            self._show(journal.state)
        for tp in owned.get(self.settings.topic("events"), []):
            self._lanes["ledger"].open(tp)
        for tp in owned.get(self.settings.topic("tallies"), []):
            self._lanes["routes"].open(tp)

    async def _load_state(self, owned: Mapping[str, list[TopicPartition]], reader: AIOKafkaConsumer) -> None:
        lost = await self._ledger.own([tp.partition for tp in owned.get(self.settings.topic("events"), [])], reader)
        tallies = owned.get(self.settings.topic("tallies"), [])
        await self._routes.own([tp.partition for tp in tallies], reader)
        if self.settings.fencing:
            lost += await self._check_intake([tp for topic in self._sources for tp in owned.get(topic, [])], reader)
        self._say_renaming()
        self.metrics.lost.inc(lost)
        if lost:
            log.error("%d records were removed by retention before they were read", lost)

    def _say_renaming(self) -> None:
        people = [journal.state.people for journal in self._ledger.journals.values()]
        if to_rename := sum(each.to_rename for each in people):
            log.warning("list_hashed is new: %d addresses are renamed to their hashes as records come", to_rename)
        if hashed := sum(each.hashed for each in people):
            log.info("%d addresses are known by their hash alone: erased, or hashed before list_hashed was off", hashed)

    async def _check_intake(self, tps: Sequence[TopicPartition], reader: AIOKafkaConsumer) -> int:
        admin = AIOKafkaAdminClient(**self._options)
        await admin.start()
        try:
            committed = await admin.list_consumer_group_offsets(self.settings.app_id, partitions=list(tps) or None)
        finally:
            await admin.close()
        lost = 0
        for tp in tps:
            found = committed.get(tp)
            if found is not None and found.offset >= 0:
                lost += await check_source(reader, tp, read_to=found.offset, mark=found.metadata)
            # Kafka forgets a group's offsets with the topic; what was taken from it the ledger still knows.
            offset, timestamp_ms = self._taken_from(tp)
            await check_source(reader, tp, read_to=offset + 1, mark=f"{timestamp_ms}")
        return lost

    def _taken_from(self, tp: TopicPartition) -> tuple[int, int]:
        """Offset and time of the last record of a source that any of our ledgers took; (-1, 0) if none did."""
        name = self._sources[tp.topic].name(tp.topic)
        marks = [journal.state.head.seen.get(name, {}).get(tp.partition) for journal in self._ledger.journals.values()]
        return max(((mark[0], mark[2]) for mark in marks if mark), default=(-1, 0))

    async def _positions(self, assignment: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        wanted = set(assignment)
        return {
            tp: offset
            for tp, offset in {**self._ledger.positions(), **self._routes.positions()}.items()
            if tp in wanted
        }

    # what happens by the clock

    async def _renew(self) -> None:
        if not self.health.is_assigned or self._sink is None:
            return
        read_to = {}
        for tp in [TopicPartition(*found) for found in self.app.consumer.assignment()]:
            if tp.topic == self.settings.topic("suppressions"):
                read_to[tp] = await self.app.consumer.position(tp) or 0
        await self._sink.renew(read_to)

    async def _check_list(self) -> None:
        """Not while a server is away; what is not compared now is compared a minute later."""
        if not self.health.is_assigned or self._sink is None:
            return
        due = self._sink.unchecked(for_seconds=self.settings.list_check_hours * 3600)
        try:
            if due:
                async with self._truth() as truth:
                    await self._sink.check(due, truth)
        except (KafkaError, RedisError, OSError) as error:
            if not is_passing(error):
                raise
            log.warning("the list is not compared with its truth now: %s", type(error).__name__)

    async def _measure_lag(self) -> None:
        if not self.health.is_assigned:
            return
        consumer = self.app.consumer
        for tp in consumer.assignment():
            read_to = await consumer.position(tp)
            lanes = self._lanes[self._agent_of(tp.topic)]
            lag = max(0, (consumer.highwater(tp) or 0) - (read_to or 0)) + lanes.waiting_at(tp)
            now, begun = time.time(), lanes.begun_ms_at(tp) / 1000
            if not lag:
                self._read_at[tp] = now
            since = max(begun, self._read_at.get(tp, 0.0))  # what waits is younger
            self.metrics.lags(
                tp.topic, tp.partition, records=lag, seconds=max(0.0, now - since) if lag and since else 0.0
            )
            self.health.lag[tp] = lag

    async def _beat(self) -> None:
        """A worker that stood still for longer than its session has lost its partitions, whatever it believes."""
        self.health.beat()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            still = self.health.beat()
            if still > self.settings.session_timeout_seconds:
                end_unacknowledged(StoodStillError(f"for {still:.0f} s"))

    def _agent_of(self, topic: str) -> str:
        ours = {"events": "ledger", "suppressions": "sink", "tallies": "routes"}
        return next((agent for name, agent in ours.items() if topic == self.settings.topic(name)), "intake")  # type: ignore[arg-type]

    # building

    def _journaled(self, source: Any, name: str, new_state: Any, fold: Any, committed: Any) -> Journaled[Any]:
        journal: Any = f"journal.{name}"
        return Journaled(
            source=self.settings.topic(source),
            journal_topic=self.settings.topic(journal),
            new_state=new_state,
            fold=fold,
            committed=committed,
            is_contiguous=source == "events",
            waits=self.waits,
            options=self._options,
            transactional_prefix=f"{self.settings.app_id}-{name}" if self.settings.fencing else None,
        )

    def _new_standby(self) -> Standby | None:
        """Of the ledger's journals: that of routes is small."""
        if not self.settings.standby or "ledger" not in self.settings.agents:
            return None
        return Standby(self.settings.topic("journal.ledger"), self.settings.event_partitions, options=self._options)

    def _new_partition(self, rules: Rules) -> Any:
        seconds = self.settings.tally_seconds
        return lambda number: Partition(
            number, rules=rules, tally_seconds=seconds, may_flush=every(seconds), **self.settings.of_fold
        )

    def _new_sums(self, rules: Rules, carriers: Capped) -> Any:
        settings = self.settings
        return lambda _: Sums(
            carriers,
            zone=settings.zone,
            floors=settings.delivery_floors,
            window_hours=settings.window_hours,
            prices=rules.prices,
            is_fresh=self._is_fresh,
        )

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer outside the group, which reads what is committed."""
        consumer = AIOKafkaConsumer(
            **self._options,
            isolation_level="read_committed" if self.settings.fencing else "read_uncommitted",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    async def _started_sink(self) -> ListSink:
        truth = self._new_truth()
        await truth.start()
        return ListSink(
            self._redis, truth, partitions=self.settings.event_partitions, ends_are_known=self.settings.fencing,
            metrics=self.metrics, waits=self.waits,
        )  # fmt: skip

    @asynccontextmanager
    async def _truth(self) -> AsyncIterator[Truth]:
        truth = self._new_truth()
        await truth.start()
        try:
            yield truth
        finally:
            await truth.stop()

    def _new_truth(self) -> Truth:
        topic = self.settings.topic("suppressions")
        return Truth(topic, options=self._options, reads_committed=self.settings.fencing)


def build_app(settings: Settings) -> BatchApp:
    """A Faust app that fetches batches, keeps no tables, serves no pages and makes no topics."""
    app = BatchApp(
        settings.app_id,
        broker=[f"kafka://{host}" for host in settings.kafka_bootstrap.split(",")],
        broker_credentials=faust_credentials(settings),
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.heartbeat_seconds,
        broker_rebalance_timeout=settings.rebalance_timeout_seconds,
        broker_commit_interval=settings.commit_interval_seconds,
        broker_max_poll_records=settings.max_poll_records,
        consumer_max_fetch_size=settings.fetch_max_bytes,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance_id,
        ConsumerScheduler=BatchScheduler,
        stream_buffer_maxsize=STREAM_BATCHES,
        stream_wait_empty=False,  # what is in a lane is not Faust's to wait for
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    app.reads_committed = settings.fencing
    return app


def every(seconds: float) -> Callable[[], bool]:
    """Says yes, and then for so long no."""
    next_at = 0.0

    def is_due() -> bool:
        nonlocal next_at
        now = time.monotonic()
        if now < next_at:
            return False
        next_at = now + seconds
        return True

    return is_due
