"""Faults without end, at moments drawn from a seed, among workers that somebody starts again, as a supervisor would."""

import heapq
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count

from tests.servers.kafka import Kafka
from tests.system.stage import Stage, WorkerProcess, patiently

EXIT_UNACKNOWLEDGED = 75
WORKERS, WORKERS_AT_MOST = 3, 5
NEW_START_SECONDS = (0.0, 2.0)
BEYOND_SESSION_SECONDS = (1.0, 4.0)
BROKER_AWAY_SECONDS = (1.0, 3.0)
EXIT_SECONDS = 12.0
FAULTS = ("kill", "kill the one that takes in", "stop", "pause", "pause", "add")


class Chaos:
    """The workers of a stage and what is done to them. `told` is what happened, in order."""

    def __init__(self, stage: Stage, seed: int, *, gap_seconds: tuple[float, float]) -> None:
        self.told: list[str] = []
        self.faults = 0
        self._stage = stage
        self._gap_seconds = gap_seconds  # between two faults
        self._chance = random.Random(seed)
        self._began = time.monotonic()
        self._places = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._running: list[WorkerProcess] = []
        self._paused: dict[int, tuple[WorkerProcess, bool, float]] = {}  # by port; had partitions, ends by
        self._starting = 0

    def begin(self) -> None:
        for _ in range(WORKERS):
            self._start()
        assert patiently(lambda: any(worker.metric("acquit_raw_records_total") for worker in self._running), pause=0.1)
        self._tell("the first records are taken in")

    def last_until(self, fed: Future[None]) -> None:
        """One fault after the other until all is fed, each kind once at least; the broker goes away once.

        Then everybody alive works on.
        """
        drawn = [*FAULTS, "broker"]
        self._chance.shuffle(drawn)
        while drawn:
            self._wait(self._chance.uniform(*self._gap_seconds))
            self._do(drawn.pop())
            if not drawn and not fed.done():
                drawn = list(FAULTS)
                self._chance.shuffle(drawn)
            if self.faults > len(FAULTS) and fed.done():
                break
        fed.result()
        self._tell("all is fed")
        while self._due or self._paused:
            self._wait(0.1)

    def seconds(self) -> float:
        return time.monotonic() - self._began

    def _do(self, fault: str) -> None:
        self.faults += 1
        match fault:
            case "kill":
                self._kill(self._chance.choice(self._running))
            case "kill the one that takes in":
                self._kill(self._taking_in())
            case "stop":
                self._stop(self._chance.choice(self._running))
            case "pause":
                self._pause(
                    self._chance.choice([worker for worker in self._running if worker.is_ready()] or self._running)
                )
            case "add" if len(self._running) < WORKERS_AT_MOST:
                self._start()
            case "add":
                self._stop(self._chance.choice(self._running))
            case "broker":
                self._restart_broker()

    def _start(self) -> None:
        worker = self._stage.start()
        self._running.append(worker)
        self._tell(f"{_name(worker)} is started")

    def _kill(self, worker: WorkerProcess) -> None:
        taken = worker.metric("acquit_raw_records_total")
        worker.kill()
        self._tell(f"{_name(worker)} is killed, with {taken:.0f} records taken in")
        self._replace(worker)

    def _stop(self, worker: WorkerProcess) -> None:
        works = worker.is_ready()  # before it is, there is nothing to be let go of
        code = worker.stop()
        self._tell(f"{_name(worker)} is stopped: {code}")
        assert code == 0 or not works, worker.log.read_text(errors="replace")[-3_000:]
        self._replace(worker)

    def _pause(self, worker: WorkerProcess) -> None:
        has_partitions = worker.is_ready()
        worker.pause()
        self._running.remove(worker)
        seconds = self._stage.settings.session_timeout_seconds + self._chance.uniform(*BEYOND_SESSION_SECONDS)
        self._paused[worker.port] = worker, has_partitions, time.monotonic() + seconds + EXIT_SECONDS
        self._tell(f"{_name(worker)} is paused for {seconds:.1f} s")
        self._after(seconds, lambda: self._resume(worker))
        self._new_start()

    def _resume(self, worker: WorkerProcess) -> None:
        worker.resume()
        self._tell(f"{_name(worker)} goes on")

    def _restart_broker(self) -> None:
        assert isinstance(self._stage.kafka, Kafka)
        self._stage.kafka.stop()
        self._tell("the broker is stopped")
        time.sleep(self._chance.uniform(*BROKER_AWAY_SECONDS))
        self._stage.kafka.start()
        self._tell("the broker is there again")

    def _taking_in(self) -> WorkerProcess:
        """The worker that took in most of what came just now."""
        before = {worker.port: worker.metric("acquit_raw_records_total") for worker in self._running}
        time.sleep(0.3)
        return max(self._running, key=lambda w: w.metric("acquit_raw_records_total") - before[w.port])

    def _replace(self, worker: WorkerProcess) -> None:
        self._running.remove(worker)
        self._new_start()

    def _new_start(self) -> None:
        """There are as many as there were, soon."""
        if len(self._running) + self._starting < WORKERS:
            self._starting += 1
            self._after(self._chance.uniform(*NEW_START_SECONDS), self._started)

    def _started(self) -> None:
        self._starting -= 1
        self._start()

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._places), do))

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            while self._due and self._due[0][0] <= time.monotonic():
                heapq.heappop(self._due)[2]()
            self._watch()
            time.sleep(0.05)

    def _watch(self) -> None:
        """Whoever ended by itself is started again; with any other code than 75 it is an error.

        What was paused while it had partitions ends so, too; before it had any, it may go on.
        """
        for worker in [worker for worker in self._running if worker.process.poll() is not None]:
            self._tell(f"{_name(worker)} ended by itself: {worker.process.returncode}, {_last_words(worker)}")
            self._replace(worker)
            _check_end(worker)
        for worker, had_partitions, until in list(self._paused.values()):
            if worker.process.poll() is not None:
                del self._paused[worker.port]
                self._tell(f"{_name(worker)} ended after its pause: {worker.process.returncode}, {_last_words(worker)}")
                _check_end(worker)
            elif time.monotonic() > until:
                del self._paused[worker.port]
                self._running.append(worker)
                self._tell(f"{_name(worker)} did not end after its pause")
                assert not had_partitions, worker.log.read_text(errors="replace")[-3_000:]

    def _tell(self, what: str) -> None:
        self.told.append(f"{self.seconds():6.1f} s  {what}")
        print(self.told[-1], flush=True)  # noqa: T201 - shown with -s, and by pytest when the test fails

    def all_are_ready(self) -> bool:
        return patiently(lambda: all(worker.is_ready() for worker in self._running))


def _name(worker: WorkerProcess) -> str:
    return worker.log.stem


def _check_end(worker: WorkerProcess) -> None:
    assert worker.process.returncode == EXIT_UNACKNOWLEDGED, worker.log.read_text(errors="replace")[-3_000:]


def _last_words(worker: WorkerProcess) -> str:
    lines = [line for line in worker.log.read_text(errors="replace").splitlines() if "nothing acknowledged" in line]
    return lines[-1] if lines else "with no word"
