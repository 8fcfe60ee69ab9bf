"""Install what has been downloaded: packages' scripts run here, in a container without network.

Reads /work/request.json:
    install: [[name of a file in /packages, nevra]], erase: [nevra]
    dbpath: the rpm database's place in the root (also in $HOME/.rpmmacros, where rpm takes it from)
    ignore_arch: the packages are for another arch than the machine's
    new_root: the root is empty and is to be furnished; machine_id: for that
Writes /work/installed.json: {dbpath, packages: [what kojid reports of each, license, signature]}, or
/work/problems: what went wrong, a line each.
Exit status: 0; 1 when rpm refuses the transaction, or a package fails to install; 2 when the database that
results is of no use.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import device_nodes
import furnish
import rpm
from rpm_log import RpmLog

PACKAGES = Path("/packages")
SCRIPTS = {
    rpm.RPMTAG_PRETRANS: "%pretrans",
    rpm.RPMTAG_PREIN: "%pre",
    rpm.RPMTAG_POSTIN: "%post",
    rpm.RPMTAG_PREUN: "%preun",
    rpm.RPMTAG_POSTUN: "%postun",
    rpm.RPMTAG_POSTTRANS: "%posttrans",
}
complaints: list[str] = []
"""What went wrong. Written down in the end: while rpm installs, this process is in the root."""
FIELDS = ("name", "version", "release", "epoch", "arch", "buildtime")
SIGNATURES = ("sigpgp", "siggpg", "rsaheader", "dsaheader", "openpgp")
"""Tags that a package's signature may be in; older rpms do not know the last, of packages of format 6."""


def main() -> int:
    status = install()
    if complaints:
        (furnish.WORK / "problems").write_text("\n".join(complaints), errors="replace")
    return status


def install() -> int:
    request = json.loads((furnish.WORK / "request.json").read_text())
    if request["new_root"]:
        furnish.before()
    furnish.devices()
    if not transact(request["install"], request["erase"], request["ignore_arch"]):
        return 1
    dbpath = request["dbpath"]
    if request["new_root"]:
        furnish.after(request["machine_id"])
        dbpath = furnish.place_database(dbpath)
        rpm.addMacro("_dbpath", dbpath)
    packages = list_installed()
    if request["new_root"] and not usable(packages, dbpath):
        return 2
    furnish.clear_devices()
    furnish.forget_inodes()
    (furnish.WORK / "installed.json").write_text(json.dumps({"dbpath": dbpath, "packages": packages}))
    return 0


def usable(packages: list[dict[str, Any]], dbpath: str) -> bool:
    """Return whether the database lists anything, and the root's own rpm sees the same in it."""
    if not packages:
        complain(f"the rpm database in {dbpath} lists no package")
        return False
    own = furnish.own_rpm("-qa", "--qf", "%{nevra}\\n")
    if own is not None and len(own.split()) != len(packages):
        complain(
            f"the root's own rpm sees {len(own.split())} packages in its database, the tool image's "
            f"rpm {len(packages)} in {dbpath}: use a tool image whose rpm is as old as the root's"
        )
        return False
    return True


def transaction_set(ignore_arch: bool = False) -> Any:
    """Open the root's rpm database, for reading or for a transaction."""
    transaction = rpm.TransactionSet(str(furnish.ROOT))
    # digests are checked, signatures are not: gpgcheck=0 in koji's configuration
    transaction.setVSFlags(rpm._RPMVSF_NOSIGNATURES)
    # plugins speak for the machine that installs: unshare cannot do what it wants in a container, and then no
    # scriptlet is run; systemd_inhibit, selinux, audit, ima, fapolicyd, syslog, … mean the host
    transaction.setFlags(rpm.RPMTRANS_FLAG_NOPLUGINS)
    filters = rpm.RPMPROB_FILTER_OLDPACKAGE | rpm.RPMPROB_FILTER_REPLACEPKG
    transaction.setProbFilter(filters | (rpm.RPMPROB_FILTER_IGNOREARCH if ignore_arch else 0))
    return transaction


def transact(install: list[tuple[str, str]], erase: list[str], ignore_arch: bool) -> bool:
    """Install and erase in one transaction, as dnf does, and return whether all went well."""
    names = {str(PACKAGES / file): nevra for file, nevra in install}
    headers = read_headers(names)
    nodes = [node for header in headers.values() for node in device_nodes.of_package(header)]
    device_nodes.leave_out(nodes)
    for node in nodes:
        say(f"Warning: the device node {node} is left out")
    transaction = transaction_set(ignore_arch)
    for path, header in headers.items():
        transaction.addInstall(header, path, "u")
    for nevra in erase:
        transaction.addErase(nevra)
    problems = transaction.check()
    if not problems:
        transaction.order()
        with RpmLog(furnish.WORK / "rpm.log") as log:
            progress = TransactionProgress(names, log)
            # None if all went well, a list of problems if it did not start, an empty one if packages failed
            problems = transaction.run(progress, "")
        if problems == [] and progress.warned and is_done(install, erase):
            problems = None
        if problems is None and not progress.failed and not log.not_started:
            device_nodes.make_directories(furnish.ROOT, nodes)
            return True
        problems = [*(problems or []), *log.not_started]
        if not problems and not progress.failed:
            problems = ["rpm does not say why"]
    for problem in problems:
        complain(words(problem))
    return False


def read_headers(paths: Iterable[str]) -> dict[str, Any]:
    """Return the headers of package files, by path."""
    transaction = transaction_set()
    headers = {}
    for path in paths:
        with Path(path).open("rb") as rpm_file:
            headers[path] = transaction.hdrFromFdno(rpm_file.fileno())
    return headers


def words(problem: Any) -> str:
    """rpm's own words for a problem: it comes with numbers where a transaction did not start."""
    return str(problem[0] if isinstance(problem, tuple) else problem)


def is_done(install: list[tuple[str, str]], erase: list[str]) -> bool:
    """Return whether the database has what was wanted.

    rpm 6 says of a transaction that it failed when any scriptlet did, which dnf4's and older rpms only warn
    of: a root must not depend on whose rpm makes it.
    """
    present = {nevra(header) for header in transaction_set().dbMatch()}
    return present.issuperset(wanted for _file, wanted in install) and present.isdisjoint(erase)


def nevra(header: Any) -> str:
    """Return a package's NEVRA as the resolver writes it."""
    epoch = f"{header['epoch']}:" if header["epoch"] else ""
    return f"{header['name']}-{epoch}{header['version']}-{header['release']}.{header['arch']}"


class TransactionProgress:
    """rpm's callback: opens the packages and says what happens; ``names`` are NEVRAs by path."""

    def __init__(self, names: dict[str, str], log: RpmLog) -> None:
        self.failed = False
        self.warned = False
        self._log = log
        self._names = names
        self._number = 0
        self._files: dict[str, BinaryIO] = {}

    def __call__(self, what: int, amount: int, total: int, key: Any, _data: object) -> int | None:
        self._log.pass_on()
        if what == rpm.RPMCALLBACK_INST_OPEN_FILE:
            self._files[key] = Path(key).open("rb")  # noqa: SIM115
            return self._files[key].fileno()
        if what == rpm.RPMCALLBACK_INST_CLOSE_FILE:
            self._files.pop(key).close()
        elif what == rpm.RPMCALLBACK_INST_START:
            # packages are opened twice: first to be verified
            self._number += 1
            say(f"  Installing : {self._names[key]} {self._number}/{len(self._names)}")
        elif what == rpm.RPMCALLBACK_UNINST_START:
            say(f"  Erasing    : {key}")
        elif what == rpm.RPMCALLBACK_SCRIPT_ERROR:
            # amount is the script's tag, total tells whether its failure is fatal to the package
            failure = f"scriptlet failed in {self._names.get(key, key)} ({SCRIPTS.get(amount, amount)})"
            if total:
                complain(failure)
            else:
                say(f"Warning: {failure}")
            self.failed = self.failed or bool(total)
            self.warned = self.warned or not total
        elif what in (rpm.RPMCALLBACK_CPIO_ERROR, rpm.RPMCALLBACK_UNPACK_ERROR):
            complain(f"unpacking of archive failed for {self._names.get(key, key)}")
            self.failed = True
        return None


def list_installed() -> list[dict[str, Any]]:
    """Return the fields that kojid reports to the hub, and those that only mock's lock has besides.

    In no particular order of packages.
    """
    installed = []
    for header in transaction_set().dbMatch():
        package = {field: header[field] for field in FIELDS}
        # packages over 4 GB have only the long tag
        package["size"] = header["longsize"] if header["size"] is None else header["size"]
        package["payloadhash"] = (header["sigmd5"] or b"").hex()
        package["license"] = header["license"] or ""
        package["signature"] = signature(header)
        installed.append(package)
    return installed


def signature(header: Any) -> str:
    """Return in rpm's words who signed a package (``…, Key ID 2322d3d94bf0c9db``); "" for nobody."""
    known = [name for name in SIGNATURES if hasattr(rpm, f"RPMTAG_{name.upper()}")]
    return next((header.format(f"%{{{name}:pgpsig}}") for name in known if header[name]), "")


def complain(problem: str) -> None:
    """Say what is wrong, in the log and to whoever asked for the installation."""
    say(f"Error: {problem}")
    complaints.append(problem)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
