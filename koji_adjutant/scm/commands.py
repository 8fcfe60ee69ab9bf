"""The commands that check source out, as koji.daemon.SCM runs them, but with doors closed.

Whatever comes from the URL has been checked (source.py), stands behind ``--``, and never reaches a shell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from koji_adjutant.errors import SourceError
from koji_adjutant.scm.home import HOME
from koji_adjutant.scm.source import ScmSource

_GIT_CONFIG = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "submodule.recurse": "false",
    "advice.detachedHead": "false",
    # a directory of a packager's that looks like a repository is none
    "safe.bareRepository": "explicit",
}


def _git_configuration(settings: Mapping[str, str]) -> dict[str, str]:
    """Return git's settings as environment, so that the commands look like the ones that people know."""
    return {
        "GIT_CONFIG_COUNT": str(len(settings)),
        **{f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(settings)},
        **{f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(settings.values())},
    }


GIT_CONFIGURATION = _git_configuration(_GIT_CONFIG)
"""Environment for whoever runs git in what was checked out."""

ENVIRONMENT = {
    "HOME": str(HOME),
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    # nobody is there to answer
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS": "/bin/false",
    # the transports of koji's URL schemes: no ext::, no file://, nothing that runs commands
    "GIT_ALLOW_PROTOCOL": "git:http:https:ssh:rsync",
    "CVS_RSH": "ssh",
    **GIT_CONFIGURATION,
}


@dataclass(frozen=True)
class Checkout:
    """The commands of a checkout, as argument lists.

    They are run in ``directory`` but for ``update``, ``recovery`` and ``resolve`` (in ``clone``). ``update``
    brings the revision; where its first command fails, ``recovery`` is tried (short commit ids). ``resolve``
    prints the commit. ``common`` fetches what koji calls the common repository, next to the sources.
    ``origin``, with a working copy's path behind it, prints the URL of the repository that it is from.
    ``lfs`` is more environment for git, with which git-lfs fetches what a repository keeps with it.
    """

    fetch: Sequence[str]
    clone: PurePosixPath
    update: Sequence[Sequence[str]] = ()
    recovery: Sequence[str] = ()
    resolve: Sequence[str] = ()
    common: Sequence[str] = ()
    origin: Sequence[str] = ()
    lfs: Mapping[str, str] = field(default_factory=dict)


def checkout_commands(source: ScmSource, directory: PurePosixPath) -> Checkout:
    """Return what to run to get ``source`` into ``directory``.

    Raises SourceError for a kind of SCM that koji has not, or a user's name that is missing.
    """
    match source.scmtype:
        case "GIT" | "GIT+SSH":
            return _git(source, directory)
        case "SVN" | "SVN+SSH":
            return _svn(source, directory)
        case "CVS" | "CVS+SSH":
            return _cvs(source, directory)
    raise SourceError(f"Unknown SCM type: {source.scmtype}")


def _git(source: ScmSource, directory: PurePosixPath) -> Checkout:
    scheme = "ssh://" if source.scmtype == "GIT+SSH" else source.scheme.rsplit("+", 1)[-1]
    base = f"{scheme}{_at(source)}{source.host}"
    clone = directory / source.directory_name
    # origin/x is what git reset took; fetch knows it as x
    revision = source.revision.removeprefix("origin/")
    return Checkout(
        fetch=["git", "clone", "--no-checkout", "--", base + source.repository, str(clone)],
        clone=clone,
        update=[
            ["git", "fetch", "--", "origin", f"{revision}:KOJI_FETCH_HEAD"],
            ["git", "reset", "--hard", "KOJI_FETCH_HEAD", "--"],
        ],
        recovery=["git", "reset", "--hard", source.revision, "--"],
        resolve=["git", "rev-parse", "--verify", "HEAD"],
        common=["git", "clone", "--", base + _git_common(source.repository), "common"]
        if source.use_common
        else (),
        lfs=_git_configuration(
            {
                **_GIT_CONFIG,
                "filter.lfs.process": "git-lfs filter-process",
                "filter.lfs.required": "true",
                # before what a repository's .lfsconfig says
                "lfs.url": _lfs_server(source, base),
            }
        ),
    )


def _lfs_server(source: ScmSource, base: str) -> str:
    """Return where git-lfs looks if nobody says anything else: on the repository's own server.

    An ssh server is asked by ssh where that is.
    """
    if base.startswith("ssh://"):
        return base + source.repository
    if not base.startswith("http"):  # git's own protocol, and rsync, have ports of their own
        base = f"https://{_at(source)}{source.host.removesuffix(source.port or '')}"
    repository = source.repository.rstrip("/")
    return f"{base}{repository if repository.endswith('.git') else repository + '.git'}/info/lfs"


def _git_common(repository: str) -> str:
    """Return the path of the common repository.

    It lies beside the package's and is stored the same way (bare or not).
    """
    for suffix in ("/.git", ".git"):
        if repository.endswith(suffix):
            return repository.removesuffix(suffix).rsplit("/", 1)[0] + "/common" + suffix
    return repository.rsplit("/", 1)[0] + "/common"


def _svn(source: ScmSource, directory: PurePosixPath) -> Checkout:
    scheme = "svn+ssh://" if source.scmtype == "SVN+SSH" else source.scheme.rsplit("+", 1)[-1]
    server = f"{scheme}{_at(source) if source.scmtype == 'SVN+SSH' else ''}{source.host}{source.repository}"
    checkout = ["svn", "checkout", "--non-interactive"]
    return Checkout(
        fetch=[*checkout, "-r", source.revision, "--", f"{server}/{source.module}", source.module],
        clone=directory / source.module,
        common=[*checkout, "--", f"{server}/common", "common"] if source.use_common else (),
        # svn has no option against externals from file://
        origin=["svn", "info", "--non-interactive", "--show-item", "repos-root-url", "--"],
    )


def _cvs(source: ScmSource, directory: PurePosixPath) -> Checkout:
    method = "ext" if source.scmtype == "CVS+SSH" else "pserver"
    user = source.user or ("anonymous" if method == "pserver" else None)
    if user is None:
        raise SourceError(f"No user specified for repository access scheme: {source.scheme}")
    # a port is followed by the path at once; kojid's SCM writes a colon, which cvs refuses
    host = source.host if source.port else f"{source.host}:"
    cvs = ["cvs", "-d", f":{method}:{user}@{host}{source.repository}", "checkout"]
    return Checkout(
        fetch=[*cvs, "-r", source.revision, "--", source.module],
        clone=directory / source.module,
        common=[*cvs, "--", "common"] if source.use_common else (),
    )


def _at(source: ScmSource) -> str:
    """Return the user's name with an @. Raises SourceError where it is missing and ssh needs one."""
    if source.user:
        return f"{source.user}@"
    if source.scmtype.endswith("+SSH"):
        raise SourceError(f"No user specified for repository access scheme: {source.scheme}")
    return ""
