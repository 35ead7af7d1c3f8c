"""Schedules: when a report runs by itself."""
