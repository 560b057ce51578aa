"""A headless Chromium for the tests of pages; where there is none they are skipped, saying why."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
SCREENSHOTS = Path(__file__).resolve().parents[1] / "build" / "screenshots"
# Nothing but the page that is tested: no sandbox (containers forbid it), no GPU, no calls home.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of an installed Chromium; without one, the test is skipped."""
    found = [path for path in map(shutil.which, NAMES) if path]
    if not found:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")
    return found[0]


@contextlib.contextmanager
def page(width: int = 1200, height: int = 1000) -> Iterator:
    """A playwright page, with every error that it met in `page.errors`.

    Args:
        width, height: of the window, in pixels.

    Yields:
        The page. `page.errors` lists, as text, exceptions of scripts, errors on the console, and
        requests to anywhere but this machine or a file on it. What the page shows when a test
        fails is kept in build/screenshots/failed.png.

    A test of an HTML file:

        with browser.page() as page:
            page.goto(path.resolve().as_uri())
            assert page.locator("img").count() == 3
            browser.screenshot(page, "report")
            assert page.errors == []
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium()
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            opened = browser.new_page(viewport={"width": width, "height": height})
            opened.errors = []
            opened.on("pageerror", lambda error: opened.errors.append(f"exception: {error}"))
            opened.on("console", lambda message: _note(opened.errors, message))
            opened.on("request", lambda request: _note_outside(opened.errors, request.url))
            yield opened
        except BaseException:
            with contextlib.suppress(Exception):
                screenshot(opened, "failed")
            raise
        finally:
            browser.close()


def screenshot(opened, name: str) -> Path:
    """Write build/screenshots/NAME.png, the whole page, and return its path."""
    path = SCREENSHOTS / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=path, full_page=True)
    return path


def _note(errors, message):
    if message.type == "error":
        errors.append(f"console: {message.text} ({message.location.get('url', '')})")


def _note_outside(errors, url):
    local = ("file:", "data:", "blob:", "about:", "http://127.0.0.1", "http://localhost")
    if not url.startswith((*local, "ws://127.0.0.1", "ws://localhost")):
        errors.append(f"request to outside: {url}")
