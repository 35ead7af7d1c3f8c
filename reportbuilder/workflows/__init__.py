"""The tables of the workflow-based system that came before, read-only."""
