"""Whose an error is, in Telnyx's webhooks to one and to several."""

import json
from typing import Any

import pytest

from acquit.decode.context import Context
from acquit.decode.fields import Decoded
from acquit.decode.telnyx import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report


def said(kind: str, **payload: Any) -> list[Decoded]:
    webhook = {"data": {"event_type": kind, "occurred_at": "2026-11-22T09:13:14.148+00:00", "payload": payload}}
    return list(decode(json.dumps(webhook).encode(), Context()))


def codes(people: int, *pointers: str | None) -> list[str | None]:
    """The code of each of so many recipients; the error at place n has the code n."""
    to = [{"phone_number": f"+120255501{place:02}", "status": "delivery_failed"} for place in range(people)]
    errors = [{"code": str(n), "source": pointer and {"pointer": pointer}} for n, pointer in enumerate(pointers)]
    return [r.code for r in said("message.finalized", id="m1", to=to, errors=errors) if isinstance(r, Report)]


@pytest.mark.parametrize(
    ("people", "pointers", "expected"),
    [
        (1, (), [None]),
        (1, (None,), ["0"]),
        (1, ("/to/0",), ["0"]),
        (1, (None, "/to/0"), ["0"]),
        (2, (None,), [None, None]),  # it may be another's STOP
        (2, ("/to/1",), [None, "0"]),
        (2, ("/to/1/phone_number", "/to/0"), ["1", "0"]),
        (2, ("/text",), [None, None]),
        (11, ("/to/10",), [None] * 10 + ["0"]),  # and not of the recipient at place 1
    ],
)
def test_error_is_of_the_recipient_that_it_names(
    people: int, pointers: tuple[str | None, ...], expected: list[str | None]
) -> None:
    assert codes(people, *pointers) == expected


def test_single_recipient_may_be_a_text() -> None:
    [report] = said("message.finalized", id="m1", to="+33612345678", status="delivered", type="WHATSAPP")
    assert isinstance(report, Report)
    assert (report.to, report.status, report.channel) == ("+33612345678", "delivered", "whatsapp")


def test_people_in_copy_are_recipients() -> None:
    people = [{"phone_number": number, "status": "delivered"} for number in ("+12025550123", "+12025550124")]
    reports = said("message.finalized", id="m1", to=people[:1], cc=people[1:])
    assert [report.to for report in reports if isinstance(report, Report)] == ["+12025550123", "+12025550124"]


@pytest.mark.parametrize(("flag", "says"), [("STOP", "stop"), ("start", "start"), ("HELP", "reply"), (None, None)])
def test_stop_is_telnyx_own_word_for_it(flag: str | None, says: str | None) -> None:
    [reply] = said("message.received", **{"from": {"phone_number": "+12025550123"}}, text="Hi", autoresponse_type=flag)
    assert isinstance(reply, Reply)
    assert reply.says == says


@pytest.mark.parametrize("kind", ["call.hangup", "message.sort_of_new", "whatsapp.template.approved"])
def test_other_event_is_ignored_by_its_name_whatever_its_form(kind: str) -> None:
    assert said(kind, to="+12025550123", errors="none", id=17) == [Ignored("telnyx", kind)]


def test_channel_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(Undecodable, match=r"data\.payload\.type"):
        said("message.finalized", id="m1", type="FAX", to=[])


def test_group_of_thousands_is_refused() -> None:
    with pytest.raises(Undecodable, match="length"):
        said("message.finalized", id="m1", to=[{}] * 1001)


def test_status_of_nobody_is_refused() -> None:
    with pytest.raises(Undecodable, match=r"data\.payload\.to"):
        said("message.finalized", id="m1", to=[])
