"""How soon the largest thing of a page is painted in Chromium that has nothing of it in its cache."""

import shutil
from typing import Any

import requests
from playwright.sync_api import BrowserContext, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SIZES = {"desk": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
QUIET = 500  # milliseconds without a larger paint, after which none is expected
LARGEST = f"""() => new Promise((told) => {{
    let last = 0, timer = setTimeout(() => told(last), {QUIET})
    new PerformanceObserver((list) => {{
        for (const entry of list.getEntries()) last = entry.startTime
        clearTimeout(timer)
        timer = setTimeout(() => told(last), {QUIET})
    }}).observe({{ type: 'largest-contentful-paint', buffered: true }})
}})"""


def chromium() -> str | None:
    """Return the path of a Chromium, if this machine has one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def paints(path: str, browser: requests.Session, url: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds to the largest contentful paint by size of the window, each with an empty cache.

    ``browser`` is signed in already; its cookies are taken over.
    """
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        found: dict[str, list[float]] = {name: [] for name in SIZES}
        for name, size in SIZES.items():
            for _ in range(rounds):
                context = opened.new_context(viewport=size)  # type: ignore[arg-type] # its own kind of dict
                found[name].append(_paint(_signed_in(context, browser, url), url))
                context.close()
        opened.close()
    return found


def _signed_in(context: BrowserContext, browser: requests.Session, url: str) -> Page:
    cookies: list[Any] = [
        {"name": kept.name, "value": kept.value or "", "url": url} for kept in browser.cookies
    ]
    context.add_cookies(cookies)
    return context.new_page()


def _paint(page: Page, url: str) -> float:
    page.goto(url)
    return float(page.evaluate(LARGEST)) / 1000
