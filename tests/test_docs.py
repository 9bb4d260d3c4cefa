"""Pages made from the code say what the code says."""

from deploy.chart import copies, strays
from docs.generate import (
    LAYOUTS_PAGE,
    METRICS_PAGE,
    PROVIDERS,
    SETTINGS,
    layouts_page,
    metrics_page,
    providers_page,
    settings_page,
)


def test_settings_page_is_up_to_date() -> None:
    assert SETTINGS.read_text() == settings_page(), "run make docs"


def test_providers_page_is_up_to_date() -> None:
    assert PROVIDERS.read_text() == providers_page(), "run make docs"


def test_layouts_page_is_up_to_date() -> None:
    assert LAYOUTS_PAGE.read_text() == layouts_page(), "run make docs"


def test_chart_holds_the_rules_and_dashboards_that_stand_elsewhere_and_the_settings_of_now() -> None:
    assert not strays(), "run make docs"
    assert all(file.read_text() == text for file, text in copies().items()), "run make docs"


def test_metrics_page_is_up_to_date() -> None:
    assert METRICS_PAGE.read_text() == metrics_page(), "run make docs"
