"""A person's history in words: what was told, what came of it, in order, each once."""

from acquit.effects import Suppression
from acquit.events import Event
from acquit.suppression.timeline import in_order, is_of_the_list, of_changes, of_events
from tests.builders import (
    PHONE,
    Read,
    command,
    complaint,
    engagement,
    from_origin,
    log,
    partition,
    receipt,
    submit,
    unknown_number,
    when,
)


def changes_of(records: list[Read]) -> list[Suppression]:
    return [effect for effect in partition().fold(records) if isinstance(effect, Suppression)]


def test_failure_tells_class_code_rule_and_message() -> None:
    [moment] = of_events([unknown_number("m7", rule="p:code:1", account="acme")])
    assert moment.what == "failed: recipient_unknown, permanent (p, rule p:code:1), message m7, account acme"


def test_command_tells_who_what_and_why() -> None:
    [moment] = of_events([command("restore", force=True)])
    assert moment.what == "ann asked: restore scope * forced; asked"


def test_change_tells_what_held_before_and_who_changed_it() -> None:
    changes = changes_of(log(unknown_number(), command("restore", at=60)))
    first, second = (moment.what for moment in of_changes(changes))
    assert first.startswith("SUPPRESSED: recipient_unknown in scope *, since 2026-11-22 09:00:00 UTC, until 2027-02-20")
    assert "message m1" in first
    assert first.endswith("before: nothing")
    assert second.startswith("LIFTED: nothing; before: recipient_unknown")
    assert second.endswith("; by ann: asked")


def test_refusal_says_what_stands_in_the_way() -> None:
    changes = changes_of(log(complaint(to=PHONE), command("restore", at=60)))
    assert list(of_changes(changes))[-1].what.startswith("REFUSED to restore: the policy lifts complaint in scope *")


def test_what_was_told_stands_before_what_came_of_it() -> None:
    events: list[Event] = [engagement("stop", at=5), receipt("delivered_handset", at=1)]
    changes = changes_of(log(events[0], at=5))
    kinds = [moment.logged["kind"] for moment in in_order([*of_changes(changes), *of_events(events)])]
    assert kinds == ["receipt", "engagement", "suppression"]


def test_what_intake_wrote_twice_is_told_once() -> None:
    event = from_origin(unknown_number(), "raw", 0, 4)
    assert len(of_events([event, event])) == 1
    assert len(of_events([unknown_number(), unknown_number()])) == 2  # a log without origins


def test_no_moment_holds_the_address() -> None:
    events: list[Event] = [unknown_number(), submit(), engagement("stop"), command("add", until=when(60))]
    moments = [*of_events(events), *of_changes(changes_of(log(*events)))]
    assert len(moments) > len(events)
    assert PHONE[1:] not in repr(moments)


def test_history_is_of_what_matters_to_the_list() -> None:
    matter: list[Event] = [unknown_number(), receipt("read"), complaint(), engagement("click"), command("port")]
    assert all(map(is_of_the_list, matter))
    assert not is_of_the_list(submit())
    assert not is_of_the_list(receipt("queued"))
