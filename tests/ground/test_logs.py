"""What must not get into the logs."""

import logging

import pytest

from reportbuilder import logs


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_traceback_shows_no_local_variables(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    logs.configure(style=style)
    environ = {"HTTP_AUTHORIZATION": "Bearer " + "hunter2"}
    try:
        environ["nothing"]
    except KeyError:
        logging.getLogger("tests").exception("request failed")
    logging.getLogger().handlers[:] = before
    written = capsys.readouterr().err
    assert "test_a_traceback_shows_no_local_variables" in written
    assert "KeyError" in written
    assert "Bearer hunter2" not in written
