"""The package's build hook: bundles the console's scripts and styles before they are packed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = Path("admin", "frontend", "bundle.py")


class ConsoleBundle(BuildHookInterface[Any]):
    """Runs the bundler with the build environment's Node; where a tree is worked on, make does."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Bundle into admin/static/built."""
        if self.target_name == "wheel" and version == "standard":
            subprocess.run([sys.executable, str(Path(self.root) / BUNDLE)], check=True)  # noqa: S603 - ours
