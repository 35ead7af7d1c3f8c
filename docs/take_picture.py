"""Takes the pictures of the console: starts a demo of its own, gives it some reports, looks with Chromium."""

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

ROOT = Path(__file__).parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WANTED = ("url", "user", "password", "api-token")
DESK = (1280, 800)
PHONE = (390, 844)
PATIENCE = 180  # seconds until nothing runs any more
TOLD = "Weekly ROAS, every day"  # the report that the demo backfills and schedules
# further reports: name, template, when it runs
REPORTS = (
    ("Search terms of the spring launch", "search_terms", {"type": "weekly", "weekdays": ["monday"]}),
    ("Reach and frequency, Amazon DSP", "reach_and_frequency", {"type": "daily"}),
    ("New to brand, monthly", "new_to_brand", {"type": "monthly", "day": 5}),
    ("Paths to conversion", "path_to_conversion", None),
)
Told = dict[str, str]


@dataclass(frozen=True)
class Picture:
    """One picture: ``docs/<name>.png`` of what ``way`` leads to."""

    name: str
    way: Callable[[Page], object]
    theme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = DESK


def _to(path: str) -> Callable[[Page], object]:
    return lambda page: page.goto(path)


def _form(page: Page) -> None:
    page.goto("/report-builder/new?search=weekly+roas")
    page.get_by_role("link", name="Use Weekly ROAS tracker").click()
    page.get_by_label("Instance", exact=True).select_option(index=1)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name", exact=True).fill("Weekly ROAS, Mondays")
    page.locator("h1").click()
    page.wait_for_timeout(1000)  # until the SQL stands beside it


def _review(page: Page) -> None:
    _form(page)
    page.get_by_role("button", name="Next: when").click()
    page.get_by_role("radio", name="Recurring").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("At", exact=True).fill("03:00")
    page.get_by_role("combobox", name="Time zone").click()
    page.keyboard.type("new york")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start the schedule").wait_for()


def _backfill(page: Page) -> None:
    page.goto("/report-builder")
    page.get_by_role("link", name=TOLD, exact=True).click()
    page.get_by_role("link", name="Backfill", exact=True).click()
    page.locator(".segment-grid").wait_for()


def _result(page: Page) -> None:
    page.goto("/report-builder")
    page.get_by_role("link", name=TOLD, exact=True).click()
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("link", name="Completed").first.click()
    page.get_by_role("table", name=re.compile("^Rows 1 to")).wait_for()


WAYS: dict[str, Callable[[Page], object]] = {
    "console": _to("/report-builder"),
    "gallery": _to("/report-builder/new"),
    "form": _form,
    "review": _review,
    "backfill": _backfill,
    "result": _result,
}
PICTURES = (
    *(Picture(name, way) for name, way in WAYS.items()),
    *(Picture(f"{name}-dark", way, theme="dark") for name, way in WAYS.items()),
    Picture("console-phone", WAYS["console"], size=PHONE),
)


def main() -> int:
    """Take all pictures, or those that are named."""
    wanted = _arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is missing; on Debian: apt-get install chromium\n")
        return 1
    with _demo() as told, sync_playwright() as playwright:
        _prepare(told)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        known = _signed_in(browser, told)
        for picture in wanted:
            _take(browser, told, picture, known)
        browser.close()
    return 0


def _arguments() -> list[Picture]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(picture.name for picture in PICTURES))
    names = set(parser.parse_args().names)
    return [picture for picture in PICTURES if not names or picture.name in names]


def _take(browser: Browser, told: Told, picture: Picture, known: StorageState) -> None:
    width, height = picture.size
    page = browser.new_page(
        base_url=told["url"],
        viewport={"width": width, "height": height},
        color_scheme=picture.theme,
        reduced_motion="reduce",
        storage_state=known,
    )
    picture.way(page)
    out = ROOT / "docs" / f"{picture.name}.png"
    page.screenshot(path=out)
    page.close()
    sys.stdout.write(f"{out.relative_to(ROOT)}\n")


def _signed_in(browser: Browser, told: Told) -> StorageState:
    """Sign in once, since many sign-ins in a row are refused, and hide the first steps."""
    with browser.new_context(base_url=told["url"]) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("input[name=email]", told["user"])
        page.fill("input[name=password]", told["password"])
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/report-builder")
        page.get_by_role("button", name="Hide the first steps").click()
        page.get_by_role("button", name="Undo").wait_for()
        return context.storage_state()


def _prepare(told: Told) -> None:
    """Make some reports, run them, and wait until nothing runs any more."""
    instance = _ask(told, "/instances")["items"][0]["instance_id"]
    ids = {row["report_type"]: row["template_id"] for row in _ask(told, "/templates?limit=100")["items"]}
    for name, key, recurrence in REPORTS:
        body: dict[str, Any] = {"name": name, "template_id": ids[key], "instance_id": instance}
        made = _ask(told, "/reports", body | {"run": _wish(recurrence)})
        if recurrence is not None:
            _ask(told, f"/reports/{made['report_id']}/run", {})
    end = time.monotonic() + PATIENCE
    while _is_busy(told) and time.monotonic() < end:
        time.sleep(1)


def _wish(recurrence: dict[str, Any] | None) -> dict[str, Any]:
    if recurrence is None:
        return {"type": "once"}
    times = {"time": "03:00", "timezone": "America/New_York"}
    return {"type": "recurring", "schedule": {"recurrence": recurrence | times}}


def _is_busy(told: Told) -> bool:
    states = ("pending", "running")
    return any(_ask(told, f"/executions?status={state}&limit=1")["total"] for state in states)


def _ask(told: Told, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {told['api-token']}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": f"picture-{time.monotonic_ns()}"} if body is not None else {}
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{told['url']}/api/report-builder{path}", data, headers)
    with urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def _demo() -> Iterator[Told]:
    """Run a demo and give what it says of itself."""
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        command = [sys.executable, "-m", "reportbuilder", "demo", "--dir", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield _read(process)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def _read(process: "subprocess.Popen[str]") -> Told:
    told: Told = {}
    for line in process.stdout or ():
        found = re.match(rf"({'|'.join(WANTED)}): (\S+)", line)
        if found:
            told[found[1]] = found[2]
        if len(told) == len(WANTED):
            return told
    raise SystemExit("the demo ended before it was up")


if __name__ == "__main__":
    sys.exit(main())
