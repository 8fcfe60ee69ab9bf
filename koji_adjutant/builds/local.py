"""Source to RPMs with no hub: what ``koji-adjutant build`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import koji
import koji.daemon

from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import RpmBuild, build_rpms
from koji_adjutant.builds.scm_srpm import srpm_from_directory, srpm_from_scm
from koji_adjutant.errors import AdjutantError, LockError, SourceError, UsageError
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.source import ScmSource, parse_url

MAKE_SOURCES = (
    "/bin/bash",
    "-c",
    "if grep -qs '^sources[[:space:]]*:' GNUmakefile makefile Makefile; then exec make sources; fi",
)
"""The source command where none is given: koji's default, in sources that have it."""


@dataclass(frozen=True)
class LocalBuild:
    """What ``build_source`` has made; ``installed`` is how many packages the RPMs were built with."""

    result: RpmBuild
    installed: int


def parse_source(text: str) -> Path | ScmSource:
    """Return what the source given to ``koji-adjutant build`` means: a path, or a place in an SCM.

    It may be a source package, the directory of a spec file, an SCM URL or a web URL of git's. Raises
    UsageError if it is none of them, SourceError for an SCM URL that is malformed.
    """
    path = Path(text)
    if path.is_dir() or (path.is_file() and path.suffix == ".rpm"):
        return path.resolve()
    if path.is_file():
        raise UsageError(
            f"{text} is no source package: give an SRPM, the directory of a spec file or an SCM URL"
        )
    url = f"git+{text}" if text.startswith(("https://", "http://")) else text
    if not koji.daemon.SCM.is_scm_url(url):
        raise UsageError(
            f"{text} is no file, no directory and no SCM URL (like git+https://host/path#commit)"
        )
    try:
        scm = parse_url(url)
    except koji.GenericError as error:
        raise SourceError(f"SCM URL {text} is malformed: {error}") from error
    # there is no hub to say otherwise, and few repositories have one
    scm.use_common = False
    return ScmSource.of(scm)


@dataclass(frozen=True)
class LocalOptions:
    """How to build: with more ``packages`` in the RPMs' buildroot.

    ``failed`` is called with a buildroot in which a package could not be built, and why, while it is there.
    """

    source_cmd: Sequence[str] = MAKE_SOURCES
    packages: Sequence[str] = ()
    failed: Callable[[Buildroot, Exception], None] = lambda _root, _error: None


def build_source(
    workspace: Workspace,
    config: BuildrootConfig,
    source: Path | ScmSource,
    *,
    arch: str,
    source_config: BuildrootConfig | None = None,
    options: LocalOptions | None = None,
) -> LocalBuild:
    """Build packages from a source with no hub, making the SRPM first unless it is one.

    ``source_config`` is of the buildroot that makes the SRPM; without it the same group serves for both. Logs
    of that one are in ``resultdir``/srpm, the others in ``resultdir``. Raises what ``srpm_from_scm`` and
    ``build_rpms`` raise.
    """
    options = options or LocalOptions()
    progress = workspace.progress
    if isinstance(source, Path) and source.is_file():
        srpm = source
    else:
        with (
            progress.phase("source package"),
            open_buildroot(
                _part(workspace, "srpm", "srpm"), replace(source_config or config, network=True)
            ) as root,
            _looked_into(root, options),
        ):
            if isinstance(source, Path):
                srpm = srpm_from_directory(root, source, options.source_cmd)
            else:
                own = CheckoutOptions(home=Path.home())
                srpm = srpm_from_scm(root, replace(source, source_cmd=options.source_cmd), options=own).srpm
    with (
        progress.phase("packages"),
        open_buildroot(_part(workspace, "rpms", "."), config) as root,
        _looked_into(root, options),
    ):
        if options.packages:
            root.install(options.packages)
        result = build_rpms(root, srpm, arch=arch)
        return LocalBuild(result, len(root.installed_packages()))


@contextmanager
def _looked_into(root: Buildroot, options: LocalOptions) -> Iterator[None]:
    try:
        yield
    except LockError:
        raise  # nothing was tried
    except (AdjutantError, koji.GenericError) as error:
        options.failed(root, error)
        raise


def _part(workspace: Workspace, work: str, result: str) -> Workspace:
    """Return a workspace for one of the two buildroots, its directories made."""
    part = replace(workspace, workdir=workspace.workdir / work, resultdir=workspace.resultdir / result)
    for directory in (part.workdir, part.resultdir):
        directory.mkdir(exist_ok=True)
    return part
