"""Processes that start processes: children that are watched, and that never outlive who started them."""
