"""Checking source out, in a container of the tool image that can do nothing else."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.tools import REQUEST, write_request
from koji_adjutant.errors import ContainerTimeout, SourceError
from koji_adjutant.scm.commands import ENVIRONMENT, checkout_commands
from koji_adjutant.scm.home import scm_home
from koji_adjutant.scm.source import ScmSource

PROGRAMS = Path(__file__).parent / "tool"
INSIDE = PurePosixPath("/checkout")


@dataclass(frozen=True)
class CheckoutOptions:
    """Whose credentials a checkout uses, and how long it may take.

    ``home`` is the directory that has them (home.py), None if there are none. ``timeout`` is in seconds, None
    means forever.
    """

    home: Path | None = None
    timeout: float | None = None


def check_out(
    workspace: Workspace, source: ScmSource, directory: Path, options: CheckoutOptions | None = None
) -> str | None:
    """Check ``source`` out below the empty ``directory``. Returns git's commit id, None for other systems.

    Everything there belongs to the build user then. The output is checkout.log. Raises SourceError with
    kojid's sentence ('Error running GIT command "…", see checkout.log for details'), when it takes too long,
    and for svn externals that are from no server.
    """
    options = options or CheckoutOptions()
    commands = checkout_commands(source, INSIDE)
    work = workspace.workdir / "checkout"
    work.mkdir()
    request = {
        **asdict(commands),
        "clone": str(commands.clone),
        "directory": str(INSIDE),
        "source_directory": source.source_directory,
        "secret": source.password,
    }
    write_request(work, request)
    for path in (work, directory):
        os.chown(path, BUILD_UID, BUILD_GID)
    with (
        workspace.progress.phase("checkout"),
        (workspace.resultdir / "checkout.log").open("ab", buffering=0) as log,
        scm_home(workspace.workdir, options.home, source.scmtype) as home,
    ):
        try:
            status = workspace.tools.run(
                PROGRAMS / "checkout.py",
                log,
                role="checkout",
                user=f"{BUILD_UID}:{BUILD_GID}",
                workdir=INSIDE,
                environment=ENVIRONMENT,
                mounts=[
                    VolumeMount(work, PurePosixPath("/work")),
                    VolumeMount(directory, INSIDE),
                    *home,
                    *workspace.mounts,
                ],
                network=workspace.network_mode,
                timeout=options.timeout,
            )
        except ContainerTimeout as error:
            raise SourceError(
                f"checking out {source.shown_url} did not end within {options.timeout:g} seconds "
                "(checkout_timeout) and was stopped, see checkout.log for details"
            ) from error
        finally:
            (work / REQUEST).unlink()  # it may have a password in it
    answer = _answer(work / "answer.json", status)
    if answer["failed"] is not None:
        raise SourceError(
            f'Error running {source.scmtype} command "{answer["failed"]}", see checkout.log for details'
        )
    if answer["refused"] is not None:
        raise SourceError(answer["refused"])
    return answer["commit"]


def _answer(path: Path, status: int) -> dict[str, str | None]:
    """Return what the program answered.

    The checked out files had no part in it, but a killed program has not answered: that is a SourceError.
    """
    try:
        answer: dict[str, str | None] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError) as error:
        raise SourceError(f"the checkout ended with status {status}, see checkout.log for details") from error
    return answer
