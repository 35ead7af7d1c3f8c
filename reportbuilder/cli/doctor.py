"""``doctor``: is each part there, and how to mend what is not."""

from threading import Event, Thread

import click
from flask import Flask

from reportbuilder import logs, settings
from reportbuilder.cli.checks import Check, Wrong, checks
from reportbuilder.cli.rooms import install
from reportbuilder.cli.showing import plain
from reportbuilder.database import db
from reportbuilder.errors import Invalid

PATIENCE = 30.0  # seconds for a check; the longest asks AMC, once an account


@click.command()
def doctor() -> None:
    """Check each part; for what is wrong, say how to mend it. Shows no secrets.

    Exit code 0: all is well; 1: something is not.
    """
    logs.configure("CRITICAL", "text")
    app = Flask("reportbuilder", static_folder=None, template_folder=None)
    try:
        chosen = settings.load()
        install(app, chosen)
    except Invalid as error:
        _tell("settings", error.message, "correct the variable")
        raise SystemExit(1) from None
    _tell("settings", None, "are readable")
    try:
        unwell = _unwell(checks(chosen, app))
    finally:
        with app.app_context():
            db.engine.dispose()
    raise SystemExit(1 if unwell else 0)


def _unwell(all_checks: list[Check]) -> set[str]:
    unwell: set[str] = set()
    for check in all_checks:
        if missing := unwell & set(check.needs):
            unwell.add(check.name)
            click.echo(f"  ?    {check.name:<13} not looked at, for want of: {', '.join(sorted(missing))}")
        elif not _look(check):
            unwell.add(check.name)
    return unwell


def _look(check: Check) -> bool:
    """Run one check in bounded time, tell what it found, and say whether all is well."""
    found: list[tuple[str | None, str]] = []
    done = Event()

    def work() -> None:
        try:
            found.append((None, check.look()))
        except Wrong as wrong:
            found.append((wrong.what, wrong.mend))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is what we are to tell
            found.append((f"fails ({type(error).__name__})", "see `reportbuilder --debug`, and the logs"))
        finally:
            done.set()

    # a daemon: one that hangs must not keep us from ending
    Thread(target=work, daemon=True).start()
    if not done.wait(PATIENCE):
        found.append((f"no answer for {PATIENCE:.0f} s", "see whether a firewall stands between"))
    what, text = found[0]
    _tell(check.name, what, text)
    return what is None


def _tell(name: str, wrong: str | None, text: str) -> None:
    if wrong is None:
        click.echo(f"  ok   {name:<13} {plain(text)}")
    else:
        click.echo(f"  {click.style('BAD', fg='red', bold=True)}  {name:<13} {plain(wrong)}")
        click.echo(f"       {'':<13} to mend it: {plain(text)}")
