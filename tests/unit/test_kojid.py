"""What the daemon writes into its log, and what keeps it from starting."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from koji_adjutant.kojid import LOGGERS, _set_up_logging, main

CONTAINERS = "koji_adjutant.container"


@pytest.fixture(autouse=True)
def _loggers_are_left_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in (*LOGGERS, CONTAINERS)]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        for handler in set(logger.handlers) - set(handlers):
            handler.close()
        logger.handlers = handlers
        logger.setLevel(level)


@pytest.mark.parametrize("level", [None, "ERROR"])
def test_containers_are_in_the_log_whatever_its_level(tmp_path: Path, level: str | None) -> None:
    options: Any = SimpleNamespace(
        debug=False,
        verbose=False,
        log_level=level,
        admin_emails=None,
        debug_task=False,
        adjutant=SimpleNamespace(log_file=tmp_path / "kojid.log"),
    )
    _set_up_logging(options)
    logging.getLogger(CONTAINERS).info("task 7, build, container one: podman run")
    logging.getLogger("koji_adjutant.daemon").info("something of no importance")
    (line,) = (tmp_path / "kojid.log").read_text().splitlines()
    assert line.endswith("task 7, build, container one: podman run")


def test_no_password_is_in_the_log(tmp_path: Path) -> None:
    """koji logs each result, and tracebacks are anybody's."""
    options: Any = SimpleNamespace(
        debug=False,
        verbose=True,
        log_level=None,
        admin_emails=None,
        debug_task=False,
        adjutant=SimpleNamespace(log_file=tmp_path / "kojid.log"),
    )
    _set_up_logging(options)
    logging.getLogger("koji.TaskManager").info(
        "RESPONSE: %r", "<string>git+https://me:geheim@host/x</string>"
    )
    try:
        raise ValueError("https://me:geheim@host/x")
    except ValueError:
        logging.getLogger("koji_adjutant.daemon").exception("It failed")
    log = (tmp_path / "kojid.log").read_text()
    assert log.count("https://me:***@host/x") == 3
    assert "geheim" not in log


def test_a_worker_that_is_to_sign_and_cannot_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = tmp_path / "kojid.conf"
    server = "[kojid]\nserver = http://127.0.0.1:9/kojihub\ntopurl = http://127.0.0.1:9/\n"
    configuration.write_text(f"{server}[adjutant]\nprovenance_key = {tmp_path}/missing.pem\n")
    with pytest.raises(SystemExit) as end:
        main(["-c", str(configuration), "-f"])
    assert end.value.code == 1
    assert capsys.readouterr().err.endswith(
        f"kojid: the private key {tmp_path}/missing.pem cannot be read: No such file or directory\n"
    )
