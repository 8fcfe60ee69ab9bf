"""A task whose request means nothing is taken, to fail, and the hub is told why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import koji
import pytest
from koji.tasks import BaseTaskHandler

from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon.wakeup import Wakeup
from koji_adjutant.daemon.worker import Worker
from tests.support.scripted_hub import ScriptedHub

ASSIGNED = {"id": 5, "state": koji.TASK_STATES["ASSIGNED"], "arch": "noarch", "host_id": 1}


class OwnProcess(Worker):
    """A worker that forks no process for a task."""

    def forkTask(self, handler: BaseTaskHandler) -> tuple[int, int]:  # noqa: N802
        self.runTask(handler)
        return 0, 0


@pytest.fixture
def wakeup() -> Iterator[Wakeup]:
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


@pytest.mark.parametrize(
    ("method", "request_", "wrong"),
    [
        ("buildArch", [], "The arguments of buildArch do not fit: missing a required argument: 'pkg'; "),
        ("rebuildSRPM", [None], "The arguments of rebuildSRPM do not fit: missing a required argument: "),
        ("buildSRPMFromSCM", [None, None], "In the arguments of buildSRPMFromSCM, url must be text, not "),
        ("wrapperRPM", ["a", "b", None, None], "In the arguments of wrapperRPM, build_target must be an "),
        ("sleep", ["BAD_ARG"], "In the arguments of sleep, n must be a number, not text."),
    ],
)
def test_it_is_taken_and_failed(
    method: str, request_: list[Any], wrong: str, options: KojidOptions, wakeup: Wakeup
) -> None:
    task = ASSIGNED | {"method": method, "request": request_}
    hub = ScriptedHub(getTaskInfo=task, host__openTask=task, getSessionInfo={"start_ts": 0}, host__getID=1)
    worker = OwnProcess(options, hub, wakeup)
    worker.register_handlers()
    worker.hostdata = {"id": 1, "name": "builder1", "arches": "x86_64"}
    assert worker.takeTask(task)
    assert hub.methods("host.refuseTask") == []
    ((number, response),) = hub.arguments_of("host.failTask")
    with pytest.raises(koji.xmlrpcplus.Fault) as fault:
        koji.xmlrpcplus.loads(response)
    assert (number, fault.value.faultCode) == (5, koji.ParameterError.faultCode)
    assert fault.value.faultString.startswith(wrong)
