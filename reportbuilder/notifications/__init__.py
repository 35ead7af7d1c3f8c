"""Notifications: who is told what of a report, by which channel, and what became of each message."""
