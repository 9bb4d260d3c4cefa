"""Whether a domain takes mail, by DNS: its MX, else its addresses (RFC 5321 5.1). Needs dnspython: `acquit[dns]`.

Only what DNS says for certain counts against a domain. No answer in time, or a server in trouble, says nothing.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from acquit.errors import AcquitError

AT_ONCE = 100
LIFETIME_SECONDS = 5.0
_REMEMBERED = 100_000

NO_DOMAIN = "its domain does not exist"
NULL_MX = "its domain says that it takes no mail"
NO_HOST = "its domain has neither a mail server nor an address"
FAILED = "DNS did not answer"


class NoResolver(AcquitError):
    """No DNS server is set up on this machine."""


class MailDomains:
    """Remembers what it was told, also that nobody answered: one dead server is waited for once. May raise ImportError."""

    def __init__(self, nameserver: str | None = None, port: int = 53) -> None:
        from dns.asyncresolver import Resolver  # noqa: PLC0415 - an extra
        from dns.resolver import NoResolverConfiguration  # noqa: PLC0415 - an extra

        try:
            self._resolver = Resolver(configure=nameserver is None)
        except NoResolverConfiguration:
            raise NoResolver("no DNS server is set up") from None
        if nameserver is not None:
            self._resolver.nameservers, self._resolver.port = [nameserver], port
        self._resolver.lifetime = LIFETIME_SECONDS
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._known: dict[str, str] = {}

    async def wrong(self, domains: Iterable[str]) -> dict[str, str]:
        """Of these domains, those that take no mail, and why; or FAILED, which is no fault of theirs."""
        asked = set(domains)
        unknown = asked - self._known.keys()
        found = dict(zip(unknown, await asyncio.gather(*map(self._answer, unknown)), strict=True))
        answers = {domain: self._known.get(domain) or found.get(domain, "") for domain in asked}
        self._remember(found)
        return {domain: why for domain, why in answers.items() if why}

    def _remember(self, found: dict[str, str]) -> None:
        if len(self._known) + len(found) > _REMEMBERED:
            self._known.clear()
        self._known |= found

    async def _answer(self, domain: str) -> str:
        import dns.exception  # noqa: PLC0415 - an extra
        import dns.resolver  # noqa: PLC0415 - an extra

        async with self._slots:
            try:
                return await self._asked(domain)
            except dns.resolver.NXDOMAIN:
                return NO_DOMAIN
            except dns.exception.DNSException:
                return FAILED

    async def _asked(self, domain: str) -> str:
        """Empty if it takes mail."""
        if servers := await self._records(domain, "MX"):
            return NULL_MX if [str(each.exchange) for each in servers] == ["."] else ""  # RFC 7505
        return "" if await self._records(domain, "A") or await self._records(domain, "AAAA") else NO_HOST

    async def _records(self, domain: str, kind: str) -> list[Any]:
        answer = await self._resolver.resolve(f"{domain}.", kind, raise_on_no_answer=False)
        return list(answer.rrset or ())
