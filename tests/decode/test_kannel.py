"""The boundaries of Kannel's callbacks: whose name a parameter has, and whose word the status is."""

from urllib.parse import urlencode

import pytest

from acquit import rules
from acquit.decode.context import Context
from acquit.decode.kannel import decode
from acquit.events import Reply, Report

REPORT = {"type": "2", "smsid": "m1", "to": "33612345678"}


def report(context: Context | None = None, **fields: str) -> Report:
    [said] = decode(urlencode({**REPORT, **fields}).encode(), context or Context())
    assert isinstance(said, Report)
    return said


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ("", "2", None),
        ("id:1 stat:UNDELIV err:001", "2:UNDELIV", "001"),
        ("err:001", "2", "001"),
        ("ACK/", "2", None),
        ("NACK/11/Invalid Destination Address", "2", "NACK/11"),
        ("NACK/0x0000000b/Invalid Destination Address", "2", "NACK/11"),
        ("NACK/0x0000000B", "2", "NACK/11"),
        ("NACK/11", "2", "NACK/11"),
        ("NACK/11a", "2", None),
        ("NACK/Your code is 4711", "2", None),
        ("NACK/", "2", None),
        ("Message for 33612345678 could not be delivered", "2", None),  # the words of another protocol than SMPP
    ],
)
def test_answer_tells_state_and_code_and_none_of_its_words(answer: str, status: str, code: str | None) -> None:
    said = report(answer=answer)
    assert (said.status, said.code, said.text) == (status, code, None)


def test_refusal_by_the_smsc_is_in_no_dictionary_of_the_route() -> None:
    context = Context(err_dictionary="gsm-map")
    assert report(context, answer="NACK/11/x").codes is None
    assert report(context, answer="id:1 stat:UNDELIV err:001").codes == "gsm-map"


@pytest.mark.parametrize(
    ("smsc", "route", "said"),
    [
        ("smsc-a", None, "smsc-a"),
        ("smsc-a", "aggr-a", "aggr-a"),  # a person named the route
        ("", None, None),
        ("Your code is 4711", None, None),
        ("x" * 65, None, None),
    ],
)
def test_route_is_the_contexts_else_the_smsc(smsc: str, route: str | None, said: str | None) -> None:
    assert report(Context(route=route), smsc=smsc).route == said


def test_own_id_goes_before_that_of_the_smsc() -> None:
    assert report(answer="id:9 stat:DELIVRD").message_id == "m1"
    assert report(smsid="", answer="id:9 stat:DELIVRD").message_id == "9"


def test_parameters_are_read_in_any_case() -> None:
    said = report(smsid="", SMSID="m2", Answer="id:9 stat:EXPIRED")
    assert (said.message_id, said.status) == ("m2", "2:EXPIRED")


def test_call_with_a_type_is_a_report_whatever_text_it_has() -> None:
    assert report(text="STOP").status == "2"


def test_person_of_a_reply_is_who_wrote_it() -> None:
    [said] = decode(b"from=%2B33612345678&to=36180&text=caf%E9", Context())
    assert isinstance(said, Reply)
    assert (said.to, said.text) == ("+33612345678", "caf\xe9")


def test_states_mean_what_they_mean_in_smpp() -> None:
    tables = rules.load().statuses
    for word, row in tables["kannel"].items():
        state = word.partition(":")[2]
        assert not state or row.status == tables["smpp"][state].status


def test_refusal_by_the_smsc_condemns_no_number() -> None:
    [*codes] = rules.load().codes["kannel"].values()
    assert all(row.permanence != "permanent" for rows in codes for row in rows)
