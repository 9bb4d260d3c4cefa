"""Pictures are drawn from answers: each number once, in the colour that its panel gives it."""

from typing import Any

from grafana.drawing import PLAIN_COLOURS, _bars, _matrix


def answer(carrier: str, hour: str, ratio: float) -> dict[str, Any]:
    return {"metric": {"carrier": carrier, "hour": hour}, "value": [0, str(ratio)]}


def test_cell_has_the_colour_of_the_threshold_that_it_passes() -> None:
    drawn = _matrix("Delivery", [answer("a&b", "00", 0.99), answer("a&b", "01", 0.85), answer("c", "00", 0.849)])
    filled = [drawn.count(PLAIN_COLOURS[colour]) for colour in ("green", "orange", "red", "yellow")]
    assert filled == [1, 1, 1, 0]
    assert "a&amp;b" in drawn


def test_bar_is_as_high_as_its_ratio() -> None:
    drawn = _bars("Delivery", {"now": [answer("", "00", 0.5)], "yesterday": [answer("", "00", 1.0)]})
    assert 'height="100.0" fill="#3274d9"' in drawn
    assert 'height="200.0" fill="#b877d9"' in drawn
