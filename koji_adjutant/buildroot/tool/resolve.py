"""Find out what has to be installed: no packager's code runs here, and nothing is changed.

Reads /work/request.json:
    groups: comps groups to install; packages: package names or what they provide
    requires: dependencies that are to be met, as rpm writes them
    releasever, forcearch (or null); modules: [[action, names]]
and /work/dnf.conf. The root is /buildroot, dnf's cache of the metadata /cache.
Writes /work/plan.json:
    install: [what plan.PackageFile has], erase: [nevra], missing: [what nothing provides],
    problems: the solver's own words (empty when all is well), read: whether the repositories could be read
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

WORK = Path("/work")
ROOT = Path("/buildroot")

NEVER_EXPIRES = -1
"""Seconds, to dnf: what metadata it gets is decided by who calls this."""


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    plan: dict[str, Any] = {"install": [], "erase": [], "missing": [], "problems": [], "read": False}
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
    conf.installroot = str(ROOT)
    conf.config_file_path = str(WORK / "dnf.conf")
    conf.substitutions["releasever"] = request["releasever"] or ""
    if request["forcearch"]:
        conf.ignorearch = True
        conf.arch = request["forcearch"]
    conf.read(str(WORK / "dnf.conf"))
    conf.cachedir = "/cache"
    conf.persistdir = str(WORK / "persist")
    conf.logdir = str(WORK)
    conf.reposdir = []
    base.read_all_repos()
    for repo in base.repos.iter_enabled():
        repo.metadata_expire = NEVER_EXPIRES
        # a repository that cannot be read is a failure, never an empty repository
        repo.skip_if_unavailable = False


def resolve(base: Any, request: dict[str, Any], plan: dict[str, Any]) -> None:
    started = time.monotonic()
    base.fill_sack(load_system_repo=(ROOT / "usr").is_dir())
    plan["read"] = True
    say(f"Repositories read in {time.monotonic() - started:.1f} s: {', '.join(base.repos.keys())}")
    set_up_modules(base, request["modules"])
    specs = [f"@{group}" for group in request["groups"]] + request["packages"]
    if specs:
        base.install_specs(specs, strict=True)
    for requirement in request["requires"]:
        if not require(base, requirement):
            say(f"No matching package to install: '{requirement}'")
            plan["missing"].append(requirement)
    if plan["missing"]:
        return
    base.resolve(allow_erasing=True)
    plan["erase"] = sorted(map(str, base.transaction.remove_set))
    plan["install"] = [describe(package) for package in sorted(base.transaction.install_set, key=str)]


def describe(package: Any) -> dict[str, Any]:
    kind, checksum = package.returnIdSum()
    return {
        "nevra": str(package),
        "checksum": f"{kind}:{checksum}",
        "size": package.downloadsize,
        "repository": package.reponame,
        "location": package.relativepath,
        "base": package.baseurl,
    }


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


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
