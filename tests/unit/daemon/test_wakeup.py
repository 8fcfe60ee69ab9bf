from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from koji_adjutant.daemon.wakeup import Wakeup

LONG = 600


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    pipe = Wakeup()
    yield pipe
    pipe.ignore_signals()
    pipe.close()


def test_nothing_happens_and_the_time_is_over(wakeup: Wakeup) -> None:
    assert wakeup.sleep(0) is False


def test_a_poke_before_the_sleep_is_not_lost(wakeup: Wakeup) -> None:
    wakeup.poke()
    wakeup.poke()
    assert wakeup.sleep(LONG) is True
    assert wakeup.sleep(0) is False


def test_a_child_s_poke_reaches_its_parent(wakeup: Wakeup) -> None:
    pid = os.fork()
    if not pid:
        wakeup.poke()
        os._exit(0)
    assert wakeup.sleep(LONG) is True
    os.waitpid(pid, 0)


def test_pokes_that_nobody_reads_do_no_harm(wakeup: Wakeup) -> None:
    for _ in range(100_000):
        wakeup.poke()
    assert wakeup.sleep(LONG) is True
    assert wakeup.sleep(0) is False


def test_a_signal_wakes(wakeup: Wakeup) -> None:
    before = signal.signal(signal.SIGUSR2, lambda *_: None)
    try:
        wakeup.listen_to_signals()
        os.kill(os.getpid(), signal.SIGUSR2)
        assert wakeup.sleep(LONG) is True
        wakeup.ignore_signals()
        os.kill(os.getpid(), signal.SIGUSR2)
        assert wakeup.sleep(0) is False
    finally:
        signal.signal(signal.SIGUSR2, before)
