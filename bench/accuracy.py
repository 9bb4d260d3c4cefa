"""`make accuracy`: how right bounce mails are read, on the real and labelled ones of ../shared/corpus/bounces.

Hard or soft, the category, a receipt for each recipient, and whom one mail would suppress. Beside it stand the two naive
rules that people use: 5xx is hard, and the codes alone. Fails under its floor. The corpus is not ours and stays where it is
(labels by Sisimai): without it only the mails of tests/samples/bounces are measured, and that is said.

The rules were written from one half of the mails and not from the other (a hash of the name decides), so both are shown.
Our own mails were labelled before they were read, and the rules mended afterwards: their row shows that nothing is lost.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import click

from acquit.decode import Context
from acquit.errors import AcquitError
from acquit.events import FAILED, Category, Receipt
from acquit.pipeline import read
from acquit.reasons.mail import by_code
from acquit.rules import Rules, load
from acquit.rules.patterns import answer

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "bounces"
OURS = Path(__file__).parent.parent / "tests" / "samples" / "bounces"
ARRIVED = datetime(2026, 11, 22, tzinfo=UTC)
LONG_DAYS = 30
Rule = Literal["acquit", "5xx is hard", "codes alone"]
NAIVE: tuple[Rule, ...] = ("5xx is hard", "codes alone")
NAIVE_COLUMNS = 3
"""They say whether it is hard, and nothing else."""

HARD: frozenset[Category] = frozenset(
    {"invalid_address_format", "recipient_unknown", "domain_unknown", "recipient_moved"}
)
_MEANS: dict[str, frozenset[str]] = {
    name: frozenset(categories.split())
    for names, categories in {
        "userunknown": "recipient_unknown invalid_address_format",
        "hostunknown": "domain_unknown",
        "notaccept": "domain_unknown routing_error policy_rejected",
        "hasmoved": "recipient_moved",
        "suspend": "recipient_inactive",
        "filtered": "recipient_unknown policy_rejected recipient_barred",
        "mailboxfull": "recipient_storage_full",
        "emailtoolarge mesgtoobig exceedlimit": "message_too_large",
        "expired": "expired network_or_system_error",
        "networkerror systemerror systemfull mailererror": "network_or_system_error routing_error",
        "ratelimited speeding toomanyconn": "rate_limited",
        "blocked badreputation": "sender_reputation_blocked policy_rejected",
        "requireptr": "sender_reputation_blocked policy_rejected sender_auth_failed",
        "authfailure failedstarttls": "sender_auth_failed",
        "securityerror": "sender_auth_failed policy_rejected content_rejected",
        "norelaying": "sender_not_authorized",
        "rejected": "sender_not_authorized policy_rejected",
        "policyviolation": "policy_rejected content_rejected spam_filtered",
        "spamdetected": "spam_filtered",
        "contenterror notcompliantrfc syntaxerror": "content_rejected message_invalid",
        "virusdetected": "malware_detected",
        "suppressed": "provider_suppressed",
        "vacation": "auto_reply",
    }.items()
    for name in names.split()
}
"""What Sisimai's reasons are in our words: reference/classification.md, 5.1. Our own labels are such words: `a|b`."""


class Floor(NamedTuple):
    """What each share must be at least."""

    accuracy: float = 0.95
    precision: float = 0.93
    recall: float = 0.93
    category: float = 0.88
    counts: float = 0.97
    not_wronged: float = 0.99


class Label(NamedTuple):
    reason: str
    is_hard: bool


class Case(NamedTuple):
    """A mail, what people say of it, and what we do; a crash is a text."""

    name: str
    labels: list[Label]
    receipts: list[Receipt]
    crash: str | None

    @property
    def half(self) -> int:
        """0: rules were written from it. 1: they were not."""
        return hashlib.sha256(self.name.encode()).digest()[0] & 1


class Score(NamedTuple):
    """Shares, each of what it is a share of."""

    labels: int
    accuracy: float
    precision: float
    recall: float
    category: float
    counts: float
    not_wronged: float
    crashes: int


def cases(corpus: Path, rules: Rules) -> Iterator[Case]:
    labels: dict[str, list[Label]] = {}
    for line in (corpus / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        labels.setdefault(said["mail"], []).append(Label(said["reason"], said["hard"]))
    for name, expected in sorted(labels.items()):
        yield _case(name, expected, (corpus / "mails" / name).read_bytes(), rules)


def _case(name: str, labels: list[Label], mail: bytes, rules: Rules) -> Case:
    crash = None
    receipts: list[Receipt] = []
    try:
        events = read("dsn", mail, Context(), received_at=ARRIVED, origin=None, rules=rules)
        receipts = [event for event in events if isinstance(event, Receipt)]
    except AcquitError:
        pass  # refused: a receipt that is missing, and no crash
    except Exception as error:  # noqa: BLE001 -- a crash is what is looked for
        crash = f"{type(error).__name__}: {error}"
    return Case(name, labels, receipts, crash)


def score(mails: Iterable[Case], rule: Rule, rules: Rules) -> Score:
    mails = list(mails)
    judged = [(label, receipt) for case in mails for label, receipt in _pairs(case)]
    hard = [(label.is_hard, _is_hard(receipt, rule, rules)) for label, receipt in judged]
    soft = [receipt for label, receipt in judged if not label.is_hard and label.reason != "feedback"]
    right = sum(is_hard == said for is_hard, said in hard)
    both = sum(is_hard and said for is_hard, said in hard)
    return Score(
        labels=len(judged),
        accuracy=_share(right, len(judged)),
        precision=_share(both, sum(said for _, said in hard)),
        recall=_share(both, sum(is_hard for is_hard, _ in hard)),
        category=_share(sum(_is_of(label, receipt) for label, receipt in judged), len(judged)),
        counts=_share(sum(len(case.receipts) == len(case.labels) for case in mails), len(mails)),
        not_wronged=_share(sum(not _suppresses(receipt, rules) for receipt in soft), len(soft)),
        crashes=sum(case.crash is not None for case in mails),
    )


def _pairs(case: Case) -> Iterator[tuple[Label, Receipt | None]]:
    """A label and the receipt of its recipient, which are in the mail's order; None where there is none."""
    for number, label in enumerate(case.labels):
        yield label, case.receipts[number] if number < len(case.receipts) else None


def _is_hard(receipt: Receipt | None, rule: Rule, rules: Rules) -> bool:
    if receipt is None:
        return False
    if rule == "acquit":
        return receipt.status in FAILED and receipt.permanence == "permanent" and receipt.category in HARD
    told = answer(receipt.said.text or "", enhanced=receipt.said.code)
    if rule == "5xx is hard":
        return (told.enhanced or told.reply or "").startswith("5")
    reason = by_code(told, "failed", rules)
    return reason is not None and reason.permanence == "permanent" and reason.category in HARD


def _is_of(label: Label, receipt: Receipt | None) -> bool:
    if receipt is None:
        return False
    if label.reason == "feedback":
        return receipt.category == "complaint" or receipt.sub_reason in {"auth_failure", "not_spam"}
    if label.reason == "delivered":
        return receipt.status not in FAILED
    if label.reason in {"onhold", "undefined"}:
        return receipt.permanence != "permanent"
    return receipt.category in (_MEANS.get(label.reason) or label.reason.split("|"))


def _suppresses(receipt: Receipt | None, rules: Rules) -> bool:
    """Whether this one receipt is enough to hold its recipient for long."""
    if receipt is None or receipt.status not in FAILED:
        return False
    for rule in rules.policy:
        if (
            rule.matches(
                receipt.channel, receipt.category or "", receipt.permanence, receipt.said.code, receipt.rule or ""
            )
            and not rule.is_counting
        ):
            return rule.hold_days[0] is None or rule.hold_days[0] > LONG_DAYS
    return False


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


COLUMNS = ("hard|soft", "precision", "recall", "category", "receipts", "not wrong")
HEADER = f"{'%':<36}{'labels':>7}{''.join(f'{column:>11}' for column in COLUMNS)}{'crashes':>9}"


def printed(name: str, scored: Score, *, columns: int = len(COLUMNS)) -> str:
    shares = "".join(f"{100 * share:>11.1f}" for share in scored[1 : 1 + columns])
    return f"{name:<36}{scored.labels:>7}{shares:<66}{scored.crashes:>9}"


def under(scored: Score, floor: Floor) -> list[str]:
    """What is not reached, in words."""
    missed = [
        f"{name} {getattr(scored, name):.3f} is under {least}"
        for name, least in floor._asdict().items()
        if getattr(scored, name) < least
    ]
    return missed + [f"{scored.crashes} mails crash"] * bool(scored.crashes)


@click.command()
@click.option("--corpus", type=click.Path(path_type=Path), default=CORPUS, help="Where mails and labels are.")
@click.option("--misses", type=click.Choice(["0", "1"]), help="Name the mails of this half that are read wrong.")
def main(corpus: Path, misses: str | None) -> None:
    """Read the labelled bounces, print how right it is, and fail under the floor."""
    rules = load()
    ours = score(cases(OURS, rules), "acquit", rules)
    missed = under(ours, Floor())
    print(HEADER)
    if (corpus / "expected.jsonl").exists():
        mails = list(cases(corpus, rules))
        missed += under(score(mails, "acquit", rules), Floor())
        _print_corpus(mails, rules)
        if misses is not None:
            _print_misses([case for case in mails if case.half == int(misses)], rules)
    else:
        print(f"no labelled mails in {corpus}: on real ones nothing is measured")
    print(printed("acquit, on mails of our own", ours))
    print(
        "\n".join(missed)
        or f"floor: {', '.join(f'{name} {least}' for name, least in Floor()._asdict().items())}: reached"
    )
    sys.exit(bool(missed))


def _print_corpus(mails: list[Case], rules: Rules) -> None:
    print(printed("acquit", score(mails, "acquit", rules)))
    for rule in NAIVE:
        print(printed(rule, score(mails, rule, rules), columns=NAIVE_COLUMNS))
    for half, name in enumerate(("acquit, the half it was written by", "acquit, the other half")):
        print(printed(name, score([case for case in mails if case.half == half], "acquit", rules)))


def _print_misses(mails: list[Case], rules: Rules) -> None:
    for case in mails:
        if len(case.receipts) != len(case.labels):
            print(f"{case.name}: {len(case.receipts)} receipts for {len(case.labels)}")
        for label, receipt in _pairs(case):
            if _is_hard(receipt, "acquit", rules) != label.is_hard or not _is_of(label, receipt):
                said = (
                    f"{receipt.status} {receipt.category} {receipt.permanence} {receipt.rule}"
                    if receipt
                    else "no receipt"
                )
                print(f"{case.name}: {label.reason}{' hard' * label.is_hard}: {said}")


if __name__ == "__main__":
    main()
