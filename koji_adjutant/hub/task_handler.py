"""koji's task handler, with types."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from koji.tasks import BaseTaskHandler

from koji_adjutant.config import KojidOptions
from koji_adjutant.hub.arguments import check_arguments
from koji_adjutant.hub.interface import HubSession
from koji_adjutant.hub.rows import BuildConfig, HostRow, RepoRow, TaskRow


class TaskHandler(BaseTaskHandler):  # type: ignore[misc]
    """What our tasks are: koji's handler, of which they use what is declared here.

    ``options`` are the worker's; in plugin mode a stock kojid's, which have the same names.
    """

    Methods: ClassVar[Sequence[str]]
    id: int
    method: str
    params: Sequence[Any]
    session: HubSession
    options: KojidOptions
    workdir: str
    logger: logging.Logger

    def run(self) -> Any:
        """Run as koji does. Raises ArgumentError, before anything is done, for arguments that do not fit."""
        self.arguments()
        return super().run()

    def arguments(self) -> Mapping[str, Any]:
        """Return the arguments by name. Raises ArgumentError if they do not fit."""
        return check_arguments(self.method, self.handler, self.params, self.opts)

    def own_row(self) -> TaskRow:
        """Ask the hub for this task's row, as it is now."""
        row = self.session.getTaskInfo(self.id)
        assert row is not None  # noqa: S101 - it is this task that is running
        return row

    if TYPE_CHECKING:

        @property
        def taskinfo(self) -> TaskRow:
            """The task's row with its request; asked for once."""

        def find_arch(
            self, arch: str, host: HostRow, tag: BuildConfig, preferred_arch: str | None = None
        ) -> str:
            """Return the arch; for noarch one, in koji's spelling, that host and tag have in common.

            koji.BuildError if there is none.
            """

        def getRepo(
            self, tag: int | str, builds: Sequence[str] | None = None, wait: bool | None = False
        ) -> RepoRow:
            """Return a repo of the tag that has the builds; waits for one by a subtask, if need be."""

        def wait(
            self,
            subtasks: int | Sequence[int] | None = None,
            all: bool = False,
            failany: bool = False,
            canfail: Sequence[int] | None = None,
            timeout: float | None = None,
        ) -> dict[int, Any]:
            """Return the subtasks' results by task id. Raises the fault of the first that failed."""

        def getUploadDir(self) -> str:
            """Return the task's directory below the hub's ``work``."""

        def uploadFile(
            self,
            filename: str,
            relPath: str | None = None,
            remoteName: str | None = None,
            volume: str | None = None,
        ) -> None:
            """Upload a file into the task's directory."""

        def run_callbacks(self, plugin: str, **known: object) -> None:
            """Run what plugins have registered for this point."""
