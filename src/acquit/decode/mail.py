"""What e-mail has in common, whoever the provider is: names around addresses, answers of machines, empty mails."""

from collections.abc import Iterable


def bare(address: str) -> str:
    """The address without the display name that many hand through: `Jane <jane@example.com>`."""
    return address[address.rfind("<") + 1 : -1] if address.endswith(">") else address


def is_automatic(headers: Iterable[tuple[object, object]]) -> bool:
    """Whether a machine wrote the mail (RFC 3834, 5): an absence notice is nobody's STOP, whatever it quotes."""
    return any(
        str(name).casefold() == "auto-submitted" and str(value or "").strip().casefold() not in {"", "no"}
        for name, value in headers
    )


def written(*texts: str | None) -> str | None:
    """The first text that holds anything. An empty mail says what its subject says: so do mail programs unsubscribe."""
    return next((text.strip() for text in texts if text and text.strip()), None)
