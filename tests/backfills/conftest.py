"""Backfills at a real local AMC: its box, the ports, workers in this thread, and a report to fill."""

from tests.backfills.reporters import reporter
from tests.executions.conftest import box, hasty, ports, shared_box, workers

__all__ = ["box", "hasty", "ports", "reporter", "shared_box", "workers"]
