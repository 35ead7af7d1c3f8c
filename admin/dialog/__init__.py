"""The dialog that makes a report step by step: when it runs, the details of that, a review, and the start."""

from admin.dialog import choosing, detailing, duplicating, resuming, reviewing, starting

STEPS = (choosing, detailing, reviewing, starting, resuming, duplicating)  # importing them adds their views
