"""``python -m reportbuilder.sandbox``: the sandbox as a process of its own."""

from reportbuilder.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox()
