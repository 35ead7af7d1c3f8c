"""Backfills: the past of a report, in segments."""
