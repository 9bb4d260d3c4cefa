"""`make accuracy` counts right, and fails where it should. Its mails here are our own."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.accuracy import Case, Floor, Label, cases, main, score, under
from tests.builders import shipped_rules
from tests.reasons.test_bounces import MAIL, TO

UNKNOWN, SPAM, FULL = "550 5.1.1 user unknown", "550 5.1.1 classified as spam", "452 4.2.2 mailbox full"


def corpus(folder: Path, *labelled: tuple[str, str, bool]) -> Path:
    """Mails of these replies, with their labels."""
    (folder / "mails").mkdir()
    labels = []
    for number, (reply, reason, is_hard) in enumerate(labelled):
        status = reply.split()[1]
        (folder / "mails" / f"{number}.eml").write_text(
            MAIL.format(to=TO, reply=reply, status=status), encoding="utf-8"
        )
        labels.append({"mail": f"{number}.eml", "recipient_index": 1, "reason": reason, "hard": is_hard})
    (folder / "expected.jsonl").write_text("\n".join(map(json.dumps, labels)))
    return folder


def test_what_is_read_right_counts_for_us_and_not_for_the_naive_rules(tmp_path: Path) -> None:
    rules = shipped_rules()
    mails = list(cases(corpus(tmp_path, (UNKNOWN, "userunknown", True), (SPAM, "spamdetected", False)), rules))
    ours, naive, codes = (score(mails, rule, rules) for rule in ("acquit", "5xx is hard", "codes alone"))
    assert ours[1:] == (1, 1, 1, 1, 1, 1, 0)
    assert (naive.accuracy, naive.precision, naive.recall) == (0.5, 0.5, 1)
    assert (codes.accuracy, codes.precision, codes.recall) == (0.5, 0.5, 1)


def test_what_is_read_wrong_is_under_the_floor(tmp_path: Path) -> None:
    rules = shipped_rules()
    mails = list(cases(corpus(tmp_path, (UNKNOWN, "mailboxfull", False), (FULL, "userunknown", True)), rules))
    scored = score(mails, "acquit", rules)
    assert (scored.accuracy, scored.precision, scored.recall, scored.category) == (0, 0, 0, 0)
    assert scored.not_wronged == 0  # the one that is not hard would be held for a year
    assert [missed.split()[0] for missed in under(scored, Floor())] == [
        "accuracy", "precision", "recall", "category", "not_wronged",
    ]  # fmt: skip


def test_mail_that_crashes_is_under_every_floor() -> None:
    crashed = Case("0.eml", [Label("onhold", is_hard=False)], [], "ValueError: no")
    scored = score([crashed], "acquit", shipped_rules())
    assert under(scored, Floor(*[0.0] * len(Floor()))) == ["1 mails crash"]


@pytest.mark.parametrize(
    ("labelled", "status"),
    [((UNKNOWN, "userunknown", True), 0), ((UNKNOWN, "mailboxfull", False), 1)],
    ids=["right", "wrong"],
)
def test_command_fails_under_its_floor(labelled: tuple[str, str, bool], status: int, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--corpus", str(corpus(tmp_path, labelled))])
    assert done.exit_code == status, done.output
    assert "codes alone" in done.output


def test_command_without_real_mails_says_so_and_measures_our_own(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--corpus", str(tmp_path)])
    assert (done.exit_code, "on real ones nothing is measured" in done.output) == (0, True)
    assert "acquit, on mails of our own" in done.output
