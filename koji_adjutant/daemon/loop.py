"""The worker's main loop: look at the hub, take a task, sleep."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from enum import Enum
from types import FrameType

import koji
import requests
from koji.tasks import ServerExit, ServerRestart

from koji_adjutant.daemon.pauses import Pauses
from koji_adjutant.daemon.stop_wish import StopWish
from koji_adjutant.daemon.worker import Worker

logger = logging.getLogger(__name__)


class Outcome(Enum):
    """Why the loop ended."""

    STOPPED = "stopped"
    RESTART = "restart"
    SESSION_LOST = "session lost"


def run(worker: Worker, sleeptime: float, tend: Callable[[], None] = lambda: None) -> Outcome:
    """Take and run tasks until a signal, a restart task or the loss of the session ends it.

    The order of the hub calls is kojid's. Between two looks at the hub lie ``sleeptime`` seconds, less only
    when there is a reason to look: a task was just taken, a child ended or waits for new subtasks, which the
    hub may not have assigned yet, a signal came. ``tend`` is called before each look.
    """
    with StopWish() as stop:
        _take_signals(worker)
        return _run(worker, sleeptime, tend, stop)


def _run(worker: Worker, sleeptime: float, tend: Callable[[], None], stop: StopWish) -> Outcome:
    taken = False
    pauses = Pauses(sleeptime)
    while True:
        try:
            stop.check()
            tend()
            stop.check()
            if not taken:
                worker.updateBuildroots()
                stop.check()
            worker.updateTasks()
            stop.check()
            taken = worker.getNextTask()
            stop.check()
            if not taken and worker.wakeup.sleep(pauses.next(waiting=worker.waits_for_subtasks)):
                pauses.woken()
        except (SystemExit, ServerExit, KeyboardInterrupt):
            logger.warning("Exiting")
            return Outcome.STOPPED
        except ServerRestart:
            logger.warning("Restarting")
            return Outcome.RESTART
        except koji.RetryError:
            raise
        except koji.AuthError as problem:
            logger.error("The session with the hub is lost: %s", problem)
            return Outcome.SESSION_LOST
        except Exception:
            # A hub's passing trouble must not end the daemon; kojid goes on as well.
            logger.exception("The main loop failed and goes on")
            taken = False
            if _sleep_interrupted(worker, sleeptime):
                return Outcome.STOPPED


def _sleep_interrupted(worker: Worker, sleeptime: float) -> bool:
    try:
        worker.wakeup.sleep(sleeptime)
    except (SystemExit, KeyboardInterrupt):
        logger.warning("Exiting")
        return True
    return False


def _take_signals(worker: Worker) -> None:
    """Let SIGUSR1 ask for a restart when no task runs, and each signal end the sleep."""

    def restart(_number: int, _frame: FrameType | None) -> None:
        logger.warning("Initiating graceful restart")
        worker.restart_pending = True

    signal.signal(signal.SIGUSR1, restart)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # with a handler it reaches the wake-up pipe
    worker.wakeup.listen_to_signals()


def prepare_restart(worker: Worker) -> None:
    """End what is left of tasks whose results the hub has: after the restart nobody knows of them."""
    for task_id in list(worker.pids):
        worker.cleanupTask(task_id)


def shut_down(worker: Worker) -> None:
    """Kill the tasks, give them back to the hub, and say that this host takes no more.

    A hub that does not answer is not waited for: it learns of the freed tasks when the worker starts again.
    """
    logger.warning("Shutting down, please wait...")
    worker.session.opts |= {"max_retries": 1, "retry_interval": 1, "offline_retry": False}
    try:
        worker.shutdown()
    except (koji.GenericError, requests.exceptions.RequestException) as problem:
        logger.error("The shutdown could not be reported to the hub: %s", problem)
