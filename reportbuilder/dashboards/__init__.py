"""Dashboards: what one looks at."""
