"""A real local AMC and workers, as the executions' tests have them."""

from tests.executions.conftest import box, desk, hasty, ports, shared_box, workers

__all__ = ["box", "desk", "hasty", "ports", "shared_box", "workers"]
