"""Takes the README's picture of the console: starts a demo of its own, signs in, and looks with Chromium."""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WANTED = ("url", "user", "password")


def main() -> int:
    """Take one picture of one page."""
    asked = _arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is missing; on Debian: apt-get install chromium\n")
        return 1
    with _demo() as told, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(
            viewport={"width": asked.width, "height": asked.height}, color_scheme=asked.scheme
        )
        _sign_in(page, told)
        page.goto(told["url"] + asked.path)
        page.screenshot(path=asked.out, full_page=asked.whole)
        browser.close()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--path", default="/report-builder", help="the page")
    parser.add_argument("--out", default=str(ROOT / "docs" / "console.png"))
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--whole", action="store_true", help="the whole page, not only what one sees first")
    return parser.parse_args()


def _sign_in(page: Page, told: dict[str, str]) -> None:
    page.goto(told["url"] + "/sign-in")
    page.fill("input[name=email]", told["user"])
    page.fill("input[name=password]", told["password"])
    page.click("button[type=submit]")
    page.wait_for_url("**/report-builder")


@contextmanager
def _demo() -> Iterator[dict[str, str]]:
    """Run a demo and give what it says of itself."""
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        command = [sys.executable, "-m", "reportbuilder", "demo", "--dir", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield _read(process)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)


def _read(process: "subprocess.Popen[str]") -> dict[str, str]:
    told: dict[str, str] = {}
    for line in process.stdout or ():
        found = re.match(rf"({'|'.join(WANTED)}): (\S+)", line)
        if found:
            told[found[1]] = found[2]
        if len(told) == len(WANTED):
            return told
    raise SystemExit("the demo ended before it was up")


if __name__ == "__main__":
    sys.exit(main())
