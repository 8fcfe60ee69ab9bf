"""Find out what has to be installed, and download it: no packager's code runs here.

Reads /work/request.json:
    groups: comps groups to install; packages: package names or what they provide
    srpms: source packages whose Requires are to be met
    conf: dnf.conf; installroot; cachedir; releasever, forcearch (or null); modules: [[action, names]]
    metadata_expire: seconds, or -1 for a repository that never changes
Writes /work/plan.json:
    install: [{nevra, name, arch, checksum, path}], erase: [nevra], missing: [what nothing provides],
    problems: the solver's own words (empty when all is well), requires: {srpm: [its Requires]}
Exit status: 0 with a plan, 1 when something is missing or cannot be resolved.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import dnf
import dnf.exceptions
import dnf.module.module_base
import dnf.selector
import rpm

WORK = Path("/work")


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    plan: dict[str, Any] = {"install": [], "erase": [], "missing": [], "problems": [], "requires": {}}
    try:
        with dnf.Base() as base:
            configure(base, request)
            resolve(base, request, plan)
    except dnf.exceptions.MarkingErrors as error:
        plan["missing"].extend(sorted({*error.no_match_group_specs, *error.no_match_pkg_specs}))
        plan["problems"].append(str(error))
    except dnf.exceptions.Error as error:
        plan["problems"].append(str(error))
    for problem in plan["problems"]:
        say(f"Error: {problem}")
    (WORK / "plan.json").write_text(json.dumps(plan))
    return 1 if plan["missing"] or plan["problems"] else 0


def configure(base: Any, request: dict[str, Any]) -> None:
    conf = base.conf
    conf.installroot = request["installroot"]
    conf.config_file_path = request["conf"]
    conf.substitutions["releasever"] = request["releasever"] or ""
    if request["forcearch"]:
        conf.ignorearch = True
        conf.arch = request["forcearch"]
    conf.read(request["conf"])
    conf.cachedir = request["cachedir"]
    conf.persistdir = str(WORK / "persist")
    conf.logdir = str(WORK)
    conf.reposdir = []
    base.read_all_repos()
    for repo in base.repos.iter_enabled():
        repo.metadata_expire = request["metadata_expire"]
        # a repository that cannot be read is a failure, never an empty repository
        repo.skip_if_unavailable = False


def resolve(base: Any, request: dict[str, Any], plan: dict[str, Any]) -> None:
    started = time.monotonic()
    base.fill_sack(load_system_repo=(Path(request["installroot"]) / "usr").is_dir())
    say(f"Repositories read in {time.monotonic() - started:.1f} s: {', '.join(base.repos.keys())}")
    set_up_modules(base, request["modules"])
    specs = [f"@{group}" for group in request["groups"]] + request["packages"]
    if specs:
        base.install_specs(specs, strict=True)
    for srpm in request["srpms"]:
        plan["requires"][srpm] = source_requires(srpm)
        for requirement in plan["requires"][srpm]:
            if not requirement.startswith("rpmlib(") and not require(base, requirement):
                say(f"No matching package to install: '{requirement}'")
                plan["missing"].append(requirement)
    if plan["missing"]:
        return
    base.resolve(allow_erasing=True)
    plan["erase"] = sorted(map(str, base.transaction.remove_set))
    packages = sorted(base.transaction.install_set, key=str)
    show(packages)
    started = time.monotonic()
    base.download_packages(packages)
    say(f"Downloaded in {time.monotonic() - started:.1f} s")
    for package in packages:
        kind, checksum = package.returnIdSum()
        plan["install"].append(
            {
                "nevra": str(package),
                "name": package.name,
                "arch": package.arch,
                "checksum": f"{kind}:{checksum}",
                "path": package.localPkg(),
            }
        )


def set_up_modules(base: Any, commands: list[tuple[str, str]]) -> None:
    """``mock.module_setup_commands``: (enable | disable | reset | install, "name:stream, …")."""
    modules = dnf.module.module_base.ModuleBase(base)
    actions = {
        "enable": modules.enable,
        "disable": modules.disable,
        "reset": modules.reset,
        "install": modules.install,
    }
    for action, names in commands:
        specs = [name.strip() for name in names.split(",") if name.strip()]
        say(f"Module {action} {' '.join(specs)}")
        if action not in actions:
            raise dnf.exceptions.Error(f"unknown module command: {action}")
        actions[action](specs)


def source_requires(srpm: str) -> list[str]:
    """A source package's Requires as dependency strings, which is what its BuildRequires became."""
    transaction = rpm.TransactionSet()
    transaction.setVSFlags(rpm._RPMVSF_NOSIGNATURES | rpm._RPMVSF_NODIGESTS)
    with Path(srpm).open("rb") as package:
        header = transaction.hdrFromFdno(package.fileno())
    # DNEVR is "R name op version": the letter says which tag it came from
    return [dependency.DNEVR()[2:] for dependency in rpm.ds(header, "requires")]


def require(base: Any, requirement: str) -> bool:
    """Ask for something that provides this; False if there is nothing. The rules are dnf builddep's."""
    selector = dnf.selector.Selector(base.sack)
    selector.set(provides=requirement)
    found = selector.matches()
    if not found and requirement.startswith("/"):
        selector = dnf.selector.Selector(base.sack)
        selector.set(file=requirement)
        found = selector.matches()
    if not found and not requirement.startswith("("):
        # a rich dependency without a match may still be fine, which the solver decides
        return False
    base._goal.install(select=selector, optional=False)
    return True


def show(packages: list[Any]) -> None:
    if not packages:
        say("Nothing to install.")
        return
    say(f"Installing {len(packages)} packages, {sum(p.downloadsize for p in packages) / 1e6:.1f} MB:")
    for package in packages:
        say(f"  {package!s:60} {package.reponame:12} {package.downloadsize:10}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
