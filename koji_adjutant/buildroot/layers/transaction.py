"""Installing packages into a root: in a container that has no network, since packages' scripts run there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.installed.packages import Installed, plain_data
from koji_adjutant.buildroot.specification.plan import Plan
from koji_adjutant.buildroot.toolbox import DEVICES, INSTALL_CAPABILITIES, run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import LogSink, VolumeMount
from koji_adjutant.container.tools import write_request
from koji_adjutant.errors import BuildrootError, InstallError

FIRST_DBPATH = "/usr/lib/sysimage/rpm"
"""Where a new root's rpm database is made; it then moves to where the root's own rpm looks."""

PROBLEMS = "problems"
"""What went wrong, in the work directory: a line each."""
REFUSED = 1
"""tool/transact.py's exit status for what packages are to blame for."""

# /proc and /sys are mounted while packages install: rpm must not try to change them. Koji's configuration has
# gpgcheck=0, for which dnf lowers what rpm 6 demands by default, signatures; digests are verified, as by dnf.
MACROS = """\
%_netsharedpath /proc:/sys
%_pkgverify_level digest
%_dbpath {dbpath}
"""


def transact(
    workspace: Workspace,
    log: LogSink,
    *,
    work: Path,
    root: Path,
    plan: Plan,
    files: Sequence[Path],
    foreign_arch: bool,
    dbpath: str,
    machine_id: str | None,
) -> Installed:
    """Do what the plan says to ``root``, and return what is installed then.

    ``files`` are the packages', in one directory. With a ``machine_id`` the root is empty, and is furnished.
    Everything that is left in ``work`` is packagers'. Raises InstallError if rpm refuses or a package's
    script fails, BuildrootError if there is no answer at all.
    """
    (work / "home").mkdir(parents=True)
    (work / "home" / ".rpmmacros").write_text(MACROS.format(dbpath=dbpath))
    _make_proc(root)
    if machine_id is not None:
        _make_places_of_devices(root)
    request = {
        "install": [[file.name, package.nevra] for file, package in zip(files, plan.install, strict=True)],
        "erase": list(plan.erase),
        "dbpath": dbpath,
        "new_root": machine_id is not None,
        "machine_id": machine_id,
        "ignore_arch": foreign_arch,
    }
    write_request(work, request)
    mounts = [VolumeMount(file.parent, PurePosixPath("/packages"), read_only=True) for file in files[:1]]
    status = run_tool(
        workspace,
        "transact.py",
        role="install",
        work=work,
        root=root,
        log=log,
        capabilities=INSTALL_CAPABILITIES,
        mounts=mounts,
    )
    if status != 0:
        problems = _problems(work / PROBLEMS)
        if status == REFUSED and problems:
            raise InstallError(f"packages could not be installed: {problems}")
        raise BuildrootError(problems or f"the installation ended with exit status {status} and no answer")
    try:
        return Installed.load(work / "installed.json")
    except BuildrootError as error:  # a package's script has put something else there
        raise InstallError(str(error)) from error


def _problems(path: Path) -> str:
    """Return what tool/transact.py says went wrong; packages' scripts may have written it as well."""
    try:
        lines = plain_data(path).decode("utf-8", "replace").splitlines()
    except BuildrootError:
        return ""
    return "; ".join(dict.fromkeys(lines))


def _make_proc(root: Path) -> None:
    """Make the directory where the container has its /proc once more.

    crun mounts one only on a directory that is there.
    """
    proc = root / "proc"
    try:
        proc.mkdir()
        proc.chmod(0o755)
    except FileExistsError as problem:
        if proc.is_symlink() or not proc.is_dir():
            raise InstallError("a package has put something else in the place of /proc") from problem


def _make_places_of_devices(root: Path) -> None:
    """Make the files on which the container has its devices: a runtime would, and each with another mode."""
    directory = root / "dev"
    directory.mkdir()
    directory.chmod(0o755)
    for name in DEVICES:
        (directory / name).touch()
        (directory / name).chmod(0o666)
