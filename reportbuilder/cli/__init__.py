"""The command line, a door like the API: one module a group of commands."""
