"""The boundaries of RCS Business Messaging's webhooks. What they say otherwise is in the samples."""

import json
from base64 import b64encode
from typing import Any

import pytest

from acquit.decode import Context, Decoded
from acquit.decode.rbm import decode
from acquit.errors import Undecodable
from acquit.events import Ignored, Reply, Report

DELIVERED = {"senderPhoneNumber": "+33612345678", "eventType": "DELIVERED", "messageId": "m1"}
WRITTEN = {"senderPhoneNumber": "+33612345678", "messageId": "theirs", "text": "Hi"}


def read(happening: dict[str, Any]) -> Decoded:
    [said] = decode(json.dumps(happening).encode(), Context())
    return said


def packed(happening: Any) -> dict[str, Any]:
    return {"message": {"data": b64encode(json.dumps(happening).encode()).decode()}, "subscription": "s"}


@pytest.mark.parametrize("happening", [DELIVERED, WRITTEN, {**DELIVERED, "eventType": "IS_TYPING"}])
def test_envelope_of_pubsub_changes_nothing(happening: dict[str, Any]) -> None:
    assert read(packed(happening)) == read(happening)


def test_id_of_pubsub_is_not_the_messages() -> None:
    event = packed(DELIVERED)
    event["message"]["messageId"] = "14150481888479752"
    said = read(event)
    assert isinstance(said, Report)
    assert said.message_id == "m1"


def test_id_of_a_persons_message_is_none_of_ours() -> None:
    said = read(WRITTEN)
    assert isinstance(said, Reply)
    assert said.message_id is None


@pytest.mark.parametrize(
    ("tapped", "text"), [({"text": "Stop", "postbackData": "x"}, "Stop"), ({"postbackData": "stop"}, ""), ({}, "")]
)
def test_text_of_a_suggestion_is_its_label_and_never_our_postback(tapped: dict[str, str], text: str) -> None:
    said = read({"senderPhoneNumber": "+33612345678", "suggestionResponse": tapped})
    assert isinstance(said, Reply)
    assert said.text == text


def test_new_event_is_a_report_only_of_a_message() -> None:
    assert isinstance(read({**DELIVERED, "eventType": "PLAYED"}), Report)
    assert read({"senderPhoneNumber": "+33612345678", "eventType": "WAVED"}) == Ignored("rbm", "WAVED")


@pytest.mark.parametrize(
    ("happening", "reason"),
    [
        ({**DELIVERED, "messageId": None}, "missing_field"),
        ({**DELIVERED, "sendTime": "soon"}, "absurd_value"),
        ({"eventType": "UNSUBSCRIBE"}, "missing_field"),
        ({**WRITTEN, "senderPhoneNumber": ""}, "missing_field"),
        ({"senderPhoneNumber": "+33612345678"}, "missing_field"),
        ({"message": {}}, "missing_field"),
        ({"message": {"data": "é"}}, "undecodable"),
        ({"message": {"data": "AAA"}}, "undecodable"),
        (packed("text"), "wrong_type"),
        (packed([DELIVERED]), "wrong_type"),
        (packed(packed(DELIVERED)), "missing_field"),
    ],
)
def test_what_cannot_be_read_is_refused(happening: dict[str, Any], reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        read(happening)
    assert caught.value.reason == reason
