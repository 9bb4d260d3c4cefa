"""Pages made from the code say what the code says."""

from docs.generate import SETTINGS, settings_page


def test_settings_page_is_up_to_date() -> None:
    assert SETTINGS.read_text() == settings_page(), "run make docs"
