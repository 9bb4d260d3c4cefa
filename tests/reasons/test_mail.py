"""The order of reasons for mail: the provider's own row, the words, the enhanced code, the reply's, unknown."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from acquit.events import Receipt, Report, Said
from acquit.reasons import explain, unknown_word
from acquit.reasons.reason import Reason
from acquit.rules import load
from tests.builders import START, shipped_rules

RETURNED = Report("dsn", "email", message_id="m1", to="ann@example.com", status="failed")


def why(text: str = "", *, code: str | None = None, reply: str | None = None, **fields: str | None) -> Reason:
    return explain(replace(RETURNED, text=text or None, code=code, reply_code=reply, **fields), shipped_rules())


@dataclass
class Case:
    """What is said, and category, permanence and the rule that must follow."""

    text: str
    answer: tuple[str | None, str, str]
    code: str | None = None
    reply: str | None = None


@pytest.mark.parametrize(
    "case",
    [
        Case("550 5.1.1 user unknown", ("recipient_unknown", "permanent", "text:pattern:no-such-mailbox")),
        Case("450 4.1.1 user unknown", ("recipient_unknown", "permanent", "text:pattern:no-such-mailbox")),
        Case("550 5.1.1 looks like spam", ("spam_filtered", "none", "text:pattern:spam")),
        Case(
            "550 5.1.1 blocked using zen.spamhaus.org", ("sender_reputation_blocked", "none", "text:pattern:block-list")
        ),
        Case("", ("recipient_unknown", "permanent", "enhanced:code:X.1.1"), code="5.1.1"),
        Case("", ("recipient_unknown", "transient", "enhanced:code:X.1.1"), code="4.1.1"),
        Case("hm", ("policy_rejected", "none", "enhanced:code:X.7"), code="5.7.999"),
        Case("hm", ("domain_unknown", "permanent", "enhanced:code:5.4.310"), code="5.4.310"),
        Case("hm", ("domain_unknown", "permanent", "reply:code:556"), reply="556"),
        Case("556 hm", ("domain_unknown", "permanent", "reply:code:556"), code="5.0.0"),
        Case("hm", ("unknown", "transient", "dsn:status:failed"), code="5.0.0", reply="550"),
        Case("hm", ("unknown", "transient", "dsn:status:failed"), code="5.5.0", reply="550"),
        Case("", ("unknown", "transient", "dsn:status:failed")),
    ],
    ids=lambda case: f"{case.text or '-'}/{case.code}/{case.reply}",
)
def test_words_go_before_codes_and_the_enhanced_code_before_the_reply(case: Case) -> None:
    reason = why(case.text, code=case.code, reply=case.reply)
    assert (reason.category, reason.permanence, reason.rule.removesuffix(":unconfirmed")) == case.answer


def test_reason_names_the_file_and_the_line_that_decided() -> None:
    assert why("550 5.1.1 user unknown").place.startswith("rules/patterns/text.toml:")
    assert why("", code="5.1.1").place == "rules/codes/enhanced.csv:4"


# Doubts


@pytest.mark.parametrize(
    ("text", "code", "host", "permanence", "is_unconfirmed"),
    [
        ("550 5.1.1 user unknown", None, None, "permanent", False),
        ("550 user unknown (in reply to RCPT TO command)", None, None, "permanent", False),
        ("550 user unknown", "5.0.0", None, "permanent", True),
        ("550 user unknown (in reply to end of DATA command)", None, None, "transient", True),
        ("550 5.1.1 user unknown (in reply to end of DATA command)", None, None, "permanent", False),
        ("550 5.7.1 user unknown", None, None, "transient", True),
        ("550 5.2.1 user unknown", None, None, "transient", True),
        ("550 5.2.1 user unknown (in reply to RCPT TO command)", None, None, "permanent", False),
        ("550 : User unknown", None, "lsean.ezweb.ne.jp", "transient", True),
        ("550 <ann@ezweb.ne.jp>: User unknown", None, "lsean.ezweb.ne.jp", "permanent", False),
    ],
)
def test_no_such_mailbox_is_weak_where_something_speaks_against_it(
    text: str, code: str | None, host: str | None, permanence: str, is_unconfirmed: bool
) -> None:
    reason = why(text, code=code, remote_host=host)
    assert (reason.category, reason.permanence) == ("recipient_unknown", permanence)
    assert reason.rule.endswith(":unconfirmed") is is_unconfirmed


def test_words_that_nothing_confirms_hold_for_a_month_first() -> None:
    rules = shipped_rules()
    held = [
        next(one for one in rules.policy if one.matches("email", "recipient_unknown", "permanent", None, reason.rule))
        for reason in (why("550 user unknown"), why("550 5.1.1 user unknown"))
    ]
    assert [rule.hold_days for rule in held] == [(30, 365), (365,)]


def test_unknown_domain_with_a_temporary_code_is_weak() -> None:
    assert why("450 4.1.2 Domain not found").permanence == "transient"
    assert why("550 5.1.2 Domain not found").permanence == "permanent"


# Providers


def test_deferred_is_never_permanent_and_waits() -> None:
    reason = why("450 4.1.1 user unknown", status="delayed")
    assert (reason.status, reason.category) == ("deferred", "recipient_unknown")
    assert (reason.permanence, reason.action) == ("transient", "wait")


@pytest.mark.parametrize(
    ("provider", "status", "code", "text", "answer"),
    [
        # a provider's own class stands
        ("sparkpost", "bounce", "10", "550 blocked for spam", ("recipient_unknown", "permanent", "sparkpost:code:10")),
        ("mailgun", "failed:permanent", "suppress-bounce", "user unknown",
         ("provider_suppressed", "permanent", "mailgun:code:suppress-bounce")),
        # what says as much as the words do keeps its advice
        ("ses", "bounce:Permanent", "Permanent/General", "smtp; 550 5.1.1 user unknown",
         ("recipient_unknown", "permanent", "ses:code:Permanent/General:5.1.1")),
        ("postmark", "HardBounce", "1", "smtp;550 5.1.1 no such user",
         ("recipient_unknown", "permanent", "postmark:status:HardBounce")),
        # a vague one yields
        ("postmark", "HardBounce", "1", "smtp;550 5.7.1 blocked by Spamhaus",
         ("sender_reputation_blocked", "none", "text:pattern:block-list")),
        ("postmark", "HardBounce", "1", "smtp;550 5.7.999 hm", ("policy_rejected", "none", "enhanced:code:X.7")),
        ("postmark", "HardBounce", "1", "smtp;550 hm", ("recipient_unknown", "permanent", "postmark:status:HardBounce")),
        ("ses", "bounce:Permanent", "Permanent/General", "smtp; 550 5.1.1 rejected as spam",
         ("spam_filtered", "none", "text:pattern:spam")),
        ("brevo", "hard_bounce", "5.1.1", "550 5.1.1 your IP is on a blacklist",
         ("sender_reputation_blocked", "none", "text:pattern:block-list")),
        ("mailersend", "activity.hard_bounced", "550", "550 Mailbox full",
         ("recipient_storage_full", "transient", "text:pattern:mailbox-full")),
        # what may pass in the provider's eyes condemns nobody
        ("brevo", "soft_bounce", None, "550 5.1.1 user unknown",
         ("recipient_unknown", "transient", "text:pattern:no-such-mailbox")),
        ("postmark", "SoftBounce", "4096", "smtp;550 5.1.2 no such domain",
         ("domain_unknown", "transient", "text:pattern:no-such-domain")),
    ],
)  # fmt: skip
def test_provider_yields_to_the_other_servers_words_where_its_row_is_vague(
    provider: str, status: str, code: str | None, text: str, answer: tuple[str, str, str]
) -> None:
    reason = explain(replace(RETURNED, provider=provider, status=status, code=code, text=text), shipped_rules())
    assert (reason.category, reason.permanence, reason.rule) == answer


def test_words_of_a_telephone_network_are_not_those_of_a_mail_server() -> None:
    report = Report("smpp", "sms", message_id="m1", status="UNDELIV", text="mailbox full")
    assert explain(report, shipped_rules()).rule == "smpp:status:UNDELIV"


def test_status_that_no_table_knows_stays_unknown() -> None:
    assert why("550 5.1.1 user unknown", status="odd").rule == "dsn:unknown"


def test_code_that_the_words_made_plain_is_not_counted_as_unknown() -> None:
    reason = why("550 5.1.1 user unknown", code="5.9.9")
    receipt = Receipt(
        "dsn", "email", START, "failed", rule=reason.rule, category=reason.category, said=Said(code="5.9.9")
    )
    assert unknown_word(receipt) is None


def test_operators_own_table_of_bounces_codes_is_asked_whatever_the_reply_code(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "dsn.csv").write_text(
        "code,words,status,category,sub_reason,permanence,action,advice,source\n5.9.9,,,opted_out,,,,,our relay\n"
    )
    report = replace(RETURNED, code="5.9.9", reply_code="550")
    assert explain(report, load(tmp_path)).rule == "dsn:code:5.9.9"


# Retry


def test_time_to_wait_comes_from_the_words() -> None:
    reason = why("451 4.7.1 Greylisted, try again in 300 seconds", status="delayed")
    assert (reason.sub_reason, reason.retry_after_seconds) == ("greylisted", 300)


def test_time_to_wait_of_a_rule_stands_where_the_words_say_none(tmp_path: Path) -> None:
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "mine.toml").write_text(
        '[[rule]]\nid = "tea"\nphrases = ["having tea"]\ncategory = "rate_limited"\nretry_after_seconds = 600\n'
        'example = "450 having tea"\nsource = "ours"\n'
    )
    rules = load(tmp_path)
    for text, seconds in (("450 having tea", 600), ("450 having tea, retry after 1 minute", 60)):
        assert explain(replace(RETURNED, text=text), rules).retry_after_seconds == seconds
