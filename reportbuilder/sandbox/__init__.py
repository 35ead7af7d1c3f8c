"""A local AMC over HTTP for development and tests; it shares no code with the AMC client."""

from reportbuilder.sandbox.options import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Faults, Options
from reportbuilder.sandbox.serving import Sandbox
from reportbuilder.sandbox.world import ACCOUNT_ID, INSTANCES, MARKETPLACE_ID

__all__ = [
    "ACCOUNT_ID",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "INSTANCES",
    "MARKETPLACE_ID",
    "REFRESH_TOKEN",
    "Faults",
    "Options",
    "Sandbox",
]
