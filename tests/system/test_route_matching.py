"""Submits and receipts that name a message otherwise are seen as what they are, and a route's profile makes them one."""

import asyncio
import json
import time
from collections.abc import Iterator

from aiokafka import AIOKafkaProducer

from acquit.worker.sending import Outgoing, send_all
from tests.system.stage import Stage, WorkerProcess, patiently

MESSAGES = 5
PROFILE = """
[[route]]
id = "known"
route = "known"
submit_id = "hex"
receipt_id = "decimal"
source = "the supplier's letter"
"""


def test_mismatching_ids_of_a_route_show_and_its_profile_matches_them(stage: Stage) -> None:
    (stage.folder / "rules").mkdir()
    (stage.folder / "rules" / "routes.toml").write_text(PROFILE)
    stage.create_topics()
    asyncio.run(_send(stage, [*_messages(stage, "known", 0x39F99DD5), *_messages(stage, "unlike", 0x4A000000)]))
    worker = stage.start(ACQUIT_RULES_DIR=str(stage.folder / "rules"))
    matched = {("known", "submit"): MESSAGES, ("known", "receipts"): 0,
               ("unlike", "submit"): MESSAGES, ("unlike", "receipts"): MESSAGES}  # fmt: skip
    patiently(lambda: _matched(worker) == matched, seconds=20, pause=0.1)
    assert _matched(worker) == matched
    statuses = {status for _, _, status in worker.cohorts()}
    assert statuses == {"delivered_handset", "sent"}, "those that no receipt was found for are still under way"


def _messages(stage: Stage, route: str, first: int) -> Iterator[Outgoing]:
    """The submit response names an id in hex, the receipt the same in decimal, as Jasmin's and Kannel's users know it."""
    now_ms = time.time_ns() // 1_000_000
    for number in range(MESSAGES):
        message_id, to = first + number, f"+3361234567{number}"
        key = to.encode()
        submit = {"kind": "submit", "provider": "smpp", "message_id": f"{message_id:x}", "to": to, "channel": "sms",
                  "at": now_ms - 60_000, "route": route}  # fmt: skip
        yield Outgoing(stage.settings.topic("submits"), 0, key, json.dumps(submit).encode(), now_ms)
        receipt = {"provider": "smpp", "context": {"to": to, "route": route},
                   "payload": f"id:{message_id:010} stat:DELIVRD err:000"}  # fmt: skip
        yield Outgoing(f"{stage.name}.raw", 0, key, json.dumps(receipt).encode(), now_ms)


async def _send(stage: Stage, outgoing: list[Outgoing]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=stage.kafka.bootstrap) as producer:
        await send_all(producer, outgoing)


def _matched(worker: WorkerProcess) -> dict[tuple[str, str], int]:
    """`acquit_route_messages` by route and by what they are known by."""
    found = {}
    for line in worker.page("/metrics")[1].splitlines():
        if line.startswith("acquit_route_messages{"):
            labels = dict(pair.split("=") for pair in line[line.index("{") + 1 : line.rindex("}")].split(","))
            found[labels["route"].strip('"'), labels["known_by"].strip('"')] = int(float(line.rpartition(" ")[2]))
    return found
