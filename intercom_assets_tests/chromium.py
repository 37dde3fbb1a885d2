"""A person's browser: Chromium without a window, which asks nobody but the pages it is sent to."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from intercom_assets_tests.dagster_project.processes import DEADLINE

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Open a browser until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def new_page(browser: Browser, *permissions: str) -> Page:
    """Open an empty page that remembers nothing, and waits for what it looks for.

    Args:
        browser: Where.
        permissions: What the page may use, such as the clipboard.
    """
    page = browser.new_page(
        permissions=permissions,
        viewport={"width": 1400, "height": 900},
        locale="en-US",
        timezone_id="UTC",
    )
    page.set_default_timeout(DEADLINE * 1000)
    return page
