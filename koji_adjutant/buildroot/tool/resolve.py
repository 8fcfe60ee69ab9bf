"""Find out what has to be installed: no packager's code runs here, and nothing is changed.

Reads /work/request.json:
    groups: comps groups to install; packages: package names or what they provide
    requires: dependencies that are to be met, as rpm writes them
    releasever, forcearch (or null); modules: [[action, names]]
    repositories: ids, in the order of /work/dnf.conf
    package_manager: dnf4 or dnf5, which resolves if the image has it
and /work/dnf.conf. The root is /buildroot, the cache of the metadata /cache; the metadata itself is in
/metadata/<repository id>, unless the cache was filled before.
Writes /work/plan.json:
    install: [what plan.PackageFile has], erase: [nevra], missing: [what nothing provides],
    problems: the solver's own words (empty when all is well), read: whether the repositories could be read
    lacking: what the image has not that it takes (or null)
Exit status: 0 with a plan, 1 when something is missing or cannot be resolved.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import comps
from question import CACHE, Answer, Question, UnresolvableError, say

METADATA = Path("/metadata")
COMPS = CACHE / "comps"

LIBRARIES = {"dnf4": "python3-dnf", "dnf5": "python3-libdnf5"}
"""What each resolver is called in the distributions."""


def main() -> int:
    question, answer = Question.read(), Answer()
    resolver = chosen(question.package_manager)
    if resolver is None:
        answer.lacking = f"the tool image has no package resolver: neither {' nor '.join(LIBRARIES.values())}"
    else:
        try:
            resolver.resolve(question, members(question, answer), answer)
        except (comps.CompsError, UnresolvableError) as error:
            answer.problems.append(str(error))
    answer.write()
    return 1 if answer.failed else 0


def chosen(wanted: str) -> Any:
    """Import the module that resolves: the wanted one, or the other one if the image lacks that.

    Returns None if it has neither.
    """
    for name in sorted(LIBRARIES, key=lambda name: name != wanted):
        try:
            module = importlib.import_module(f"resolve_{name}")
        except ImportError as error:
            say(f"{LIBRARIES[name]} is not available in the tool image: {error}")
        else:
            say(f"Resolving with {name}")
            return module
    return None


def members(question: Question, answer: Answer) -> list[comps.GroupPackage]:
    """Return the packages of the wanted groups; a group that does not exist is missing in the answer."""
    if METADATA.is_dir():
        comps.keep([METADATA / repository for repository in question.repositories], COMPS)
    if not question.groups:
        return []
    packages: list[comps.GroupPackage] = []
    known = comps.kept(question.repositories, COMPS)
    for group in question.groups:
        found = known.packages(group)
        if found is None:
            answer.miss(f"@{group}")
        packages.extend(found or [])
    return list(dict.fromkeys(packages))


if __name__ == "__main__":
    sys.exit(main())
