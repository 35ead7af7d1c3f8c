"""The form of a template: filling it, its SQL as it would be sent, and values that are saved for later."""
