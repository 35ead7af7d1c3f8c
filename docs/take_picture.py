"""Takes the README's pictures of the console: starts a demo of its own, signs in, looks with Chromium."""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WANTED = ("url", "user", "password")
DESK = (1280, 800)
PHONE = (390, 844)


@dataclass(frozen=True)
class Picture:
    """One picture: ``docs/<name>.png`` of a page."""

    name: str
    path: str
    theme: str = "light"
    size: tuple[int, int] = DESK
    is_whole: bool = False  # the whole page, not only what one sees first


PICTURES = (
    Picture("console", "/report-builder"),
    Picture("console-dark", "/report-builder", theme="dark"),
    Picture("console-phone", "/report-builder", size=PHONE),
)


def main() -> int:
    """Take all pictures, or those that are named."""
    wanted = _arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.stderr.write("Chromium is missing; on Debian: apt-get install chromium\n")
        return 1
    with _demo() as told, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in wanted:
            _take(browser, told, picture)
        browser.close()
    return 0


def _arguments() -> list[Picture]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(picture.name for picture in PICTURES))
    names = set(parser.parse_args().names)
    return [picture for picture in PICTURES if not names or picture.name in names]


def _take(browser: Browser, told: dict[str, str], picture: Picture) -> None:
    scheme: Literal["light", "dark"] = "dark" if picture.theme == "dark" else "light"
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    _sign_in(page, told)
    page.goto(told["url"] + picture.path)
    out = ROOT / "docs" / f"{picture.name}.png"
    page.screenshot(path=out, full_page=picture.is_whole)
    page.close()
    sys.stdout.write(f"{out.relative_to(ROOT)}\n")


def _sign_in(page: Page, told: dict[str, str]) -> None:
    page.goto(told["url"] + "/sign-in")
    page.fill("input[name=email]", told["user"])
    page.fill("input[name=password]", told["password"])
    page.press("input[name=password]", "Enter")
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
