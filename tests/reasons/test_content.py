"""What in a text raises filtering: one text for each indicator, and one without any (mission row Q7)."""

import pytest

from acquit.reasons.content import indicators
from tests.builders import shipped_rules

RULES = shipped_rules()
PLAIN = "Acme: your parcel comes today between 9 and 11. Reply STOP to end."


def found(text: str, sender: str | None = None) -> list[str]:
    return [sentence.partition(":")[0] for sentence in indicators(text, RULES, sender=sender)]


def test_plain_text_shows_nothing() -> None:
    assert found(PLAIN) == []


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        (PLAIN.upper(), "capitals"),
        (PLAIN + " Hurry!!!", "punctuation"),
        (PLAIN + " Why? How? When? Now!", "punctuation"),
        (PLAIN + " Win $$$", "punctuation"),
        (PLAIN + " https://bit.ly/3xYz", "shortener"),
        (PLAIN + " TinyURL.com/abc", "shortener"),
        (PLAIN + " www.tinyurl.com", "shortener"),
        (PLAIN + " C'est gratuit.", "lure"),
        (PLAIN + " Réclamez maintenant votre cadeau", "lure"),
        ("your parcel comes today, answer STOP to end", "no identification"),
        ("Acme: your parcel comes today", "no opt-out line"),
        ("Acme: the end is near", "no opt-out line"),  # `end` is also a word
    ],
)
def test_indicator_is_named(text: str, indicator: str) -> None:
    assert found(text) == [indicator]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + " https://acme.example/track",
        PLAIN + " Mail bit.ly@acme.example",  # an address, no link
        "OTP 42",
        "[Acme] code 1234. Reply STOP to end",
        "Votre code est 1234. STOP au 36111 - Acme",
        "Acme : votre colis arrive. Pour vous désinscrire : désinscription sur acme.example",
    ],
)
def test_what_only_looks_like_one_is_not_named(text: str) -> None:
    assert not {"capitals", "punctuation", "shortener"} & set(found(text))


def test_sender_with_a_name_identifies_itself() -> None:
    text = "your parcel comes today, answer STOP to end"
    assert found(text, "ACME") == []
    assert found(text, "+33700000100") == ["no identification"]


@pytest.mark.parametrize("text", ["", "!", "é" * 100_000, "a." * 50_000, "!a" * 50_000, "-a " * 30_000])
def test_any_text_is_answered(text: str) -> None:
    assert found(text)
