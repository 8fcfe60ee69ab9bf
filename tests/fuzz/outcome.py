"""What becomes of a task, in the worker's eyes."""

from __future__ import annotations

from typing import Any

import koji
import pytest
from koji.tasks import RefuseTask, ServerExit, ServerRestart

from koji_adjutant.builds.explanation import explanation_in_error_messages
from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon.task_record import recorded
from koji_adjutant.monitoring.events import NoJournal
from koji_adjutant.rpm.arch import is_arch
from tests.support.farm_hub import FarmHub, manage
from tests.support.requests import REQUESTS, run_task, task_of

HOST = {"id": 1, "name": "builder1", "arches": "x86_64 noarch"}
ARCH_OF = {"host.newBuildRoot": 1, "host.distRepoMove": 2}
"""Where calls to the hub have an arch."""


def outcome(method: str, request: list[Any] | None, options: KojidOptions, **answers: Any) -> str:
    """Run a task, with a request that is in order if there is none. Returns how it ended.

    An error that is none of koji's, or cannot be told to the hub, is raised.
    """
    hub = FarmHub(method, **answers)
    task = task_of(method, REQUESTS[method] if request is None else request, hub, options)
    manage(task)
    if hasattr(task, "checkHost"):
        assert task.checkHost(HOST) in (True, False)
    try:
        with recorded(NoJournal(), task, "noarch"), explanation_in_error_messages():
            result = run_task(task)
        koji.xmlrpcplus.dumps((result,), methodresponse=1, allow_none=1)
        ended = "done"
    except (ServerExit, ServerRestart):
        ended = "exit"
    except RefuseTask:
        ended = "refused"
    except koji.GenericError as error:
        told = koji.xmlrpcplus.Fault(error.faultCode, str(error))
        with pytest.raises(koji.xmlrpcplus.Fault, match=r"."):
            koji.xmlrpcplus.loads(koji.xmlrpcplus.dumps(told))
        ended = "failed"
    for called, position in ARCH_OF.items():
        assert all(is_arch(arguments[position]) for arguments in hub.arguments_of(called))
    return ended
