"""A worker whose tool image is not there."""

from __future__ import annotations

from koji_adjutant.container.podman_manager import PodmanManager
from tests.hub.names import unique
from tests.integration.worker.test_daemon import Workers, workers
from tests.support.waiting import until

__all__ = ["workers"]


def test_it_takes_tasks_as_soon_as_there_is_one(
    workers: Workers, engine: PodmanManager, tool_image: str
) -> None:
    workers.image = f"localhost/koji-adjutant-test:{unique('absent')}"
    worker = workers.start("-f")

    def problems() -> list[str]:
        rows = workers.admin.scheduler.getHostData(workers.host()["id"])
        return [problem for row in rows for problem in row["data"].get("problems", [])]

    (sentence,) = until(problems, f"the hub knows what is wrong\n{workers.stderr}")
    assert sentence == (
        f"No tool image: the image {workers.image} is not in podman's storage: "
        "make it with `koji-adjutant image build`"
    )
    task = workers.task("sleep", 0)
    assert workers.host()["ready"] is False
    engine.images.tag(tool_image, workers.image)
    try:
        workers.until_state(task, "CLOSED")
        assert problems() == []
    finally:
        engine.images.remove(workers.image)
    until(problems, "it has seen that the image is gone")
    assert worker.poll() is None
    assert "Traceback" not in workers.stderr
