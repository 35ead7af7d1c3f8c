"""Which colour a state has, and its word; the word always stands beside the colour."""

from flask import Flask

# tones are those of console.css: label-<tone>
TONES = {
    "pending": "attention",
    "queued": "attention",
    "waiting": "attention",
    "submitting": "accent",
    "running": "accent",
    "collecting": "accent",
    "sending": "accent",
    "active": "success",
    "completed": "success",
    "sent": "success",
    "partial": "attention",
    "paused": "attention",
    "skipped": "neutral",
    "cancelled": "neutral",
    "cancelling": "attention",
    "inactive": "neutral",
    "ended": "neutral",
    "failed": "danger",
    "lost": "danger",
}
MOVING = {"submitting", "running", "collecting", "sending", "cancelling"}


def register(app: Flask) -> None:
    """Let templates of this app colour states."""
    app.jinja_env.globals.update(tone=tone, is_moving=MOVING.__contains__)


def tone(state: str) -> str:
    """Return the tone of a state; neutral for one that has none of its own."""
    return TONES.get(state, "neutral")
