"""Whether a domain takes mail, asked of a DNS server of our own on loopback."""

import csv
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from click.testing import CliRunner

from acquit.__main__ import main
from acquit.worker.mail_domains import FAILED, NO_DOMAIN, NO_HOST, NULL_MX, MailDomains

ZONE = {
    ("mx.test.", "MX"): "10 mail.mx.test.",
    ("null.test.", "MX"): "0 .",
    ("host.test.", "A"): "127.0.0.1",
    ("six.test.", "AAAA"): "::1",
    ("bare.test.", "TXT"): '"there"',
}


@pytest.fixture
def dns_port() -> Iterator[int]:
    """Answers from ZONE; broken.test fails, silent.test says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        is_over = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, is_over))
        thread.start()
        yield server.getsockname()[1]
        is_over.set()
        thread.join()


def _serve(server: socket.socket, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            asked, sender = server.recvfrom(4096)
        except TimeoutError:
            continue
        if (answer := _answer(dns.message.from_wire(asked))) is not None:
            server.sendto(answer.to_wire(), sender)


def _answer(asked: dns.message.Message) -> dns.message.Message | None:
    name, kind = str(asked.question[0].name), dns.rdatatype.to_text(asked.question[0].rdtype)
    if name == "silent.test.":
        return None
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.RA
    if name == "broken.test.":
        answer.set_rcode(dns.rcode.SERVFAIL)
    elif (name, kind) in ZONE:
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, ZONE[name, kind]))
    elif not any(known == name for known, _ in ZONE):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


async def test_only_what_dns_says_for_certain_counts_against_a_domain(
    dns_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquit.worker.mail_domains.LIFETIME_SECONDS", 0.5)
    domains = MailDomains("127.0.0.1", dns_port)
    asked = ["mx.test", "null.test", "host.test", "six.test", "bare.test", "gone.test", "broken.test", "silent.test"]
    expected = {
        "null.test": NULL_MX,
        "bare.test": NO_HOST,
        "gone.test": NO_DOMAIN,
        "broken.test": FAILED,
        "silent.test": FAILED,
    }
    assert await domains.wrong(asked) == expected
    assert await domains.wrong(asked) == expected  # as it remembers


def test_rows_of_domains_that_take_no_mail_are_rejected_and_failures_kept(
    dns_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("acquit.commands.screening._domains", lambda: MailDomains("127.0.0.1", dns_port))
    path = tmp_path / "contacts.csv"
    path.write_text("email\njo@mx.test\nal@gone.test\nbo@null.test\ncy@broken.test\n")
    done = CliRunner().invoke(main, ["screen", str(path), "--no-list", "--dns"], catch_exceptions=False)
    assert done.exit_code == 1
    assert "1  kept, but DNS did not answer" in done.output
    with (tmp_path / "contacts.csv.rejects").open(encoding="utf-8") as file:
        rejected = {row["email"]: (row["reason"], row["detail"]) for row in csv.DictReader(file)}
    assert rejected == {"al@gone.test": ("no_such_domain", NO_DOMAIN), "bo@null.test": ("no_such_domain", NULL_MX)}
