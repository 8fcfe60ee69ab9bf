"""Three workers share hundreds of tasks, and one of them dies in the middle: each task is done, and once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import koji
import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.container.podman_manager import PodmanManager
from tests.distribution.build import build as build_distribution
from tests.distribution.build import default_output
from tests.faults.victims import Victims
from tests.hub.farm import run_farm
from tests.hub.own_devhub import own_devhub
from tests.soak.conftest import ROOMY
from tests.soak.figures import number_from_environment
from tests.soak.place import place
from tests.soak.short_tasks import ASSIGNED, OPEN, ShortTasks
from tests.soak.workers import Images, Worker, another_worker
from tests.support.waiting import until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

TASKS = number_from_environment("SOAK_TASKS", 300)
PATIENCE = 3600.0
PAUSE = 1.0
"""Seconds between two looks at all tasks, which cost the hub some time."""


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, engine: PodmanManager, tool_image: str, state_dir: Path
) -> Iterator[Sequence[Worker]]:
    """The first one makes the repo; the last one is to die."""
    with ExitStack() as stack:
        hub = stack.enter_context(own_devhub(tmp_path_factory.mktemp("hub")))
        directory = stack.enter_context(place("soak-workers"))
        images = Images(state_dir, tool_image, directory / "image.tar")
        admin = hub.connect(hub.admin)
        stack.callback(admin.logout)
        logins = (hub.worker, hub.builder, hub.other_builder)
        for login in logins:
            admin.editHost(login.name, capacity=ROOMY)
            admin.addHostToChannel(login.name, "runroot", create=True)
        first = directory / hub.worker.name
        (first / "farm").mkdir(parents=True)
        own = stack.enter_context(open_engine(AdjutantOptions(state_dir=first / "state")))
        images.load(first / "state")
        distribution = build_distribution(default_output())
        farm = stack.enter_context(
            run_farm(hub, admin, first / "farm", own, first / "state", tool_image, distribution)
        )
        found = [Worker(first, farm, Victims(farm))]
        for login in logins[1:]:
            found.append(stack.enter_context(another_worker(found[0], login, images)))
        yield found


def comes_back(tasks: ShortTasks, victim: Worker) -> None:
    """The worker is started again when the others have done all that was not its own."""
    until(
        lambda: tasks.closed() + len(tasks.of(victim, OPEN, ASSIGNED)) == TASKS,
        "only the dead worker's tasks are left",
        PATIENCE,
        pause=PAUSE,
    )
    victim.victims.start_worker()


def is_replaced(tasks: ShortTasks, victim: Worker) -> None:
    """An operator gives its tasks to the others; it comes back when they are done, and there is none left."""
    admin = tasks.farm.admin
    admin.disableHost(victim.name)
    for task in tasks.of(victim, OPEN, ASSIGNED):
        admin.freeTask(task)
    until(lambda: tasks.closed() == TASKS, "the others do all", PATIENCE, pause=PAUSE)
    admin.enableHost(victim.name)
    victim.victims.start_worker()


@pytest.mark.parametrize("fate", [comes_back, is_replaced], ids=["comes_back", "is_replaced"])
def test_one_dies(
    workers: Sequence[Worker], fate: Callable[[ShortTasks, Worker], None], show: Callable[..., None]
) -> None:
    victim = workers[-1]
    until(lambda: victim.farm.admin.getHost(victim.name)["ready"], "the last worker takes tasks")
    started = time.monotonic()
    tasks = ShortTasks.start(workers[0].farm, TASKS)
    until(
        lambda: tasks.closed() >= TASKS // 3 and tasks.of(victim, OPEN),
        f"a third is done, and the one that dies has tasks\n{victim.farm.log_tail()}",
        PATIENCE,
        pause=PAUSE,
    )
    victim.victims.kill_all()
    killed_at, lost = tasks.closed(), set(tasks.of(victim, OPEN))
    fate(tasks, victim)
    until(lambda: tasks.closed() == TASKS, "every task is done", PATIENCE, pause=PAUSE)
    seconds = time.monotonic() - started
    for worker in workers:
        worker.machine().assert_nothing_left()
    assert_done_once(workers, tasks, lost)
    shares = Counter(row["host_id"] for row in tasks.rows())
    show(
        f"{TASKS} tasks: {seconds:.0f} s; killed after {killed_at}, with {len(lost)} open tasks, of which "
        f"{len(twice(workers, tasks))} ran to their end twice",
        f"done by: {', '.join(f'{worker.name} {shares[worker.host]}' for worker in workers)}",
    )


def twice(workers: Sequence[Worker], tasks: ShortTasks) -> set[int]:
    """The tasks whose command ended more than once, on whatever machine."""
    ended = sum((tasks.marks(worker, "ended") for worker in workers), Counter[int]())
    return {task for task, times in ended.items() if times > 1}


def assert_done_once(workers: Sequence[Worker], tasks: ShortTasks, lost: set[int]) -> None:
    """Each task has one result; its command ran once, but for tasks that were open on the dead worker."""
    admin = tasks.farm.admin
    for what in ("started", "ended"):
        times = sum((tasks.marks(worker, what) for worker in workers), Counter[int]())
        assert set(times) == set(tasks.ids), what
        assert all(count <= (2 if task in lost else 1) for task, count in times.items()), (what, times)
    by_host = {worker.host: worker for worker in workers}
    for number, row in enumerate(tasks.rows()):
        task = row["id"]
        assert admin.getTaskResult(task) == "sh completed successfully"
        assert tasks.marks(by_host[row["host_id"]], "ended")[task] >= 1, "the result is of who did it"
        assert tasks.log_is_whole(number)
        roots = admin.listBuildroots(taskID=task)
        assert len(roots) == 1 or (task in lost and len(roots) <= 2)
        assert {root["state"] for root in roots} == {koji.BR_STATES["EXPIRED"]}
