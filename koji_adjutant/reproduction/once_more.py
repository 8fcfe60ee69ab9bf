"""A finished build done once more, in the same buildroot, and what became of its packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.comparison import compared
from koji_adjutant.builds.local import build_source
from koji_adjutant.reproduction.finished_build import FinishedBuild
from koji_adjutant.rpm.comparison import Comparison
from koji_adjutant.text import on_one_line


def built_once_more(workspace: Workspace, first: FinishedBuild, lock: Lock) -> Mapping[str, Comparison]:
    """Build in a workspace that has the build's lock; return, by file name, in what the packages differ.

    The packages of the second build are in the workspace's ``resultdir``. Raises what ``build_source``
    raises.
    """
    config = replace(lock.config, network=False)
    arch = lock.arch_to_build(first.arch)
    return compared(first.rpms, build_source(workspace, config, first.srpm, arch=arch).result.rpms)


def is_same(found: Mapping[str, Comparison]) -> bool:
    return not any(each.differences for each in found.values())


def in_words(found: Mapping[str, Comparison]) -> Iterator[str]:
    """Say of each package whether it came out the same, and of one that did not in what it differs."""
    for name, each in found.items():
        files = "a file" if each.times == 1 else f"{each.times} files"
        times = f", but for the times of {files}" if each.times else ""
        yield f"DIFF  {on_one_line(name)}" if each.differences else f"same  {on_one_line(name)}{times}"
        yield from (f"      {on_one_line(words)}" for words in each.differences)
    same = sum(1 for each in found.values() if not each.differences)
    yield f"{same} of {len(found)} packages came out the same"
