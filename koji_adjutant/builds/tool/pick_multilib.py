"""Decide which 32-bit packages a 64-bit repository needs, with python-multilib and dnf.

Reads /work/request.json: arch, packages (file name -> path), partner (URL of the 32-bit repository),
partner_arch, offered (names of the files in there). The configuration is /work/multilib.conf; python-multilib
is the image's own, or in /work/library. Writes /work/answer.json: {failed: a sentence or null, missing: file
names that the partner should have, needed: its file names}, and /result/dnf.conf-koji-<arch>.
"""

from __future__ import annotations

import configparser
import json
import sys
from pathlib import Path, PurePosixPath
from typing import Any

WORK = Path("/work")
RESULT = Path("/result")
sys.path.append(str(WORK / "library"))

try:
    import dnf
except ImportError:
    dnf = None

NO_DNF4 = "the tool image has no dnf 4 (python3-dnf), which python-multilib works with: choose another image"
NO_LIBRARY = (
    "neither the tool image nor this worker's Python has python-multilib "
    "(python3-multilib in the image, or pip install koji-adjutant[multilib] for the worker)"
)

if not hasattr(configparser.ConfigParser, "readfp"):  # python-multilib is older than Python 3.12
    setattr(configparser.ConfigParser, "readfp", configparser.ConfigParser.read_file)  # noqa: B010


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    answer: dict[str, Any] = {"failed": NO_DNF4}
    if dnf is not None:
        try:
            answer = {"failed": None, **decide(request)}
        except (CannotDecideError, dnf.exceptions.Error) as error:
            answer = {"failed": str(error)}
    (WORK / "answer.json").write_text(json.dumps(answer))
    return 1 if answer["failed"] else 0


class CannotDecideError(Exception):
    """The decision is not possible; says why, for whoever asked for the repository."""


def decide(request: dict[str, Any]) -> dict[str, list[str]]:
    """Return what the partner should have and has not, and what is needed of what it has.

    Raises CannotDecideError or dnf's errors.
    """
    offered = set(request["offered"])
    wanted = [
        name.replace(f".{request['arch']}.rpm", f".{request['partner_arch']}.rpm")
        for name in selected(request["packages"])
    ]
    missing = sorted(set(wanted) - offered)
    needed = resolve(request, sorted(set(wanted) & offered))
    return {"missing": sorted({*missing, *(set(needed) - offered)}), "needed": needed}


def selected(packages: dict[str, str]) -> list[str]:
    """Return the names of the packages whose 32-bit counterparts belong into the repository."""
    method = devel_method()
    found = []
    with dnf.Base() as base:
        base.fill_sack(load_system_repo=False, load_available_repos=False)
        for name, path in sorted(packages.items()):
            if method.select(base.sack.add_cmdline_package(path)):
                sys.stdout.write(f"multilib: {name}\n")
                found.append(name)
    return found


def devel_method() -> Any:
    """Return python-multilib's method "devel", configured. Raises CannotDecideError if it is not usable."""
    try:
        from multilib.multilib import DevelMultilibMethod  # noqa: PLC0415  (may be missing)
    except ImportError:
        raise CannotDecideError(NO_LIBRARY) from None
    try:
        return DevelMultilibMethod(str(WORK / "multilib.conf"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise CannotDecideError(f"the multilib configuration cannot be used: {error}") from error


def resolve(request: dict[str, Any], names: list[str]) -> list[str]:
    """Return the file names of what dnf would install with these packages, from the partner alone."""
    config_file = RESULT / f"dnf.conf-koji-{request['arch']}"
    config_file.write_text(CONFIG.format(**request))
    conf = dnf.conf.Conf()
    conf.read(str(config_file))
    conf.reposdir = []
    conf.substitutions["arch"] = request["arch"]
    conf.substitutions["basearch"] = dnf.rpm.basearch(request["arch"])
    with dnf.Base(conf) as base:
        base.read_all_repos()
        base.fill_sack(load_system_repo=False, load_available_repos=True)
        by_file = {file_name(package): package for package in base.sack.query().available()}
        for name in names:
            base.package_install(by_file[name])
        base.resolve()
        installed = base.transaction.install_set if base.transaction else []
        needed = sorted(file_name(package) for package in installed)
    for name in needed:
        sys.stdout.write(f"needed: {name}\n")
    return needed


def file_name(package: Any) -> str:
    """Return the name of a package's file in its repository."""
    return PurePosixPath(package.location).name


CONFIG = """\
[main]
debuglevel=2
gpgcheck=0
installroot=/work/dnf
cachedir=/work/dnf/cache
persistdir=/work/dnf/state
logdir=/work/dnf
install_weak_deps=0

[koji-multilib]
name=koji multilib task
baseurl={partner}
enabled=1
"""


if __name__ == "__main__":
    sys.exit(main())
