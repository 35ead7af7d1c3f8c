"""Visits with a real browser: who comes, on what screen, in which colours, and what it complains of."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from reportbuilder.accounts.models import User
from tests.browser.stack import Stack
from tests.deployment import ROOT

AXE = ROOT / "admin" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK = (1280, 900)
PHONE = (390, 844)
TELL = (
    "document.addEventListener('securitypolicyviolation', (event) => console.error("
    "`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
)
# to describe each element that no rule is broken by would take the most time of all
JUDGE = (
    "([within, rules]) => axe.run(within || document, {runOnly: rules, resultTypes: ['violations']})"
    ".then((found) => found.violations)"
)
PATIENCE = 20_000  # ms


@dataclass
class Visits:
    """Pages of one test. ``complaints``: what browsers had to say against them; a test fails by them."""

    browser: Browser
    stack: Stack
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(
        self,
        path: str = "/report-builder",
        *,
        who: User | None = None,
        size: tuple[int, int] = DESK,
        theme: str = "light",
        scripts: bool = True,
        **options: Any,
    ) -> Page:
        """Come as somebody who is signed in, or as a stranger, and look at a page."""
        context = self.browser.new_context(
            base_url=self.stack.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if theme == "dark" else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
            **options,
        )
        self.contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if scripts:
            context.add_init_script(TELL)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        if who is not None:
            context.add_cookies([self.stack.cookie(who)])  # type: ignore[list-item]  # a dict with the keys wanted
        page = context.new_page()
        page.goto(path)
        return page

    def expect_complaint(self, pattern: str) -> None:
        """Take a complaint for right that a test has provoked, such as an answer of 409."""
        fitting = [text for text in self.complaints if re.search(pattern, text)]
        assert fitting, (pattern, self.complaints)
        self.complaints = [text for text in self.complaints if text not in fitting]

    def close(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


@cache
def _axe() -> str:
    return Path(AXE).read_text()


def check_accessibility(page: Page, *, within: str = "") -> None:
    """Fail by what axe has against a page in its present state, of WCAG 2.2 AA and of good practice."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(_axe())
    violations = page.evaluate(JUDGE, [within, RULES])
    told = [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]}\n    {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]
    assert not told, f"{page.url}\n" + "\n".join(told)


def check_fits(page: Page) -> None:
    """Fail if a page is wider than its screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide: {page.evaluate(WIDE)}"


WIDE = """[...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map((each) => each.outerHTML.slice(0, 120))"""
