"""ClickSend's receipts that hold less, or something else, than a row of its page. The rows are in test_mission.py."""

from urllib.parse import urlencode

import pytest

from acquit.decode.clicksend import decode
from acquit.decode.context import Context
from acquit.events import Report
from acquit.reasons import Reason, explain
from tests.builders import shipped_rules


def reason(status: str, status_code: str, text: str) -> Reason:
    said = {"message_id": "m1", "status": status, "status_code": status_code, "status_text": text}
    [report] = decode(urlencode(said).encode(), Context())
    assert isinstance(report, Report)
    return explain(report, shipped_rules())


@pytest.mark.parametrize(
    ("status_code", "status"), [("200", "sent"), ("201", "delivered_handset"), ("300", "deferred"), ("301", "failed")]
)
def test_receipt_without_a_word_is_told_by_its_code(status_code: str, status: str) -> None:
    assert reason("", status_code, "").status == status


def test_301_of_unknown_words_is_an_unknown_failure() -> None:
    why = reason("Failed", "301", "The pigeon was tired")
    assert (why.status, why.category, why.action) == ("failed", "unknown", "retry")


def test_description_of_a_failure_outweighs_a_word_of_success() -> None:
    assert reason("Sent", "301", "Unknown subscriber").status == "failed"
