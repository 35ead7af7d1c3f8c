"""The command ``reportbuilder``, also as ``python -m reportbuilder``."""

from reportbuilder.cli.commands import reportbuilder


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    reportbuilder(prog_name="reportbuilder")


if __name__ == "__main__":
    main()
