"""Builds for a farm to do: small packages of different kinds, as many at once as the worker takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import koji

from tests.hub.builder import ARCH
from tests.hub.farm import FINISHED, Farm, wait_for_repo
from tests.hub.names import unique
from tests.hub.packages import package
from tests.hub.source_trees import source_tree
from tests.support.waiting import PATIENCE

ASKED_AT_ONCE = 32
"""Tasks that the hub is asked about: four times those that can be under way. Later ones have not begun."""
PAUSE = 0.5
"""Seconds between two questions."""
MANY_FILES = """\
for number in $(seq {files}); do
    sed "s/THIS/$number/" hello.c > part$number.c
    gcc -O2 -g -c part$number.c
done
gcc -o hello part*.o"""
PART = """\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_THIS(const void *one, const void *other) { return strcmp(one, other); }

int sorted_THIS(char (*words)[16], size_t count)
{
    qsort(words, count, sizeof *words, compare_THIS);
    for (size_t index = 0; index < count; index++)
        if (printf("%zu: %.15s\\n", index, words[index]) < 0)
            return THIS;
    return 0;
}

#if THIS == 1
int main(void) { char words[2][16] = {"b", "a"}; return sorted_1(words, 2); }
#endif
"""


@dataclass(frozen=True)
class Source:
    """A source package on the hub, below work/, and for which arch it is built."""

    srpm: str
    arch: str


def of_many_files(files: int) -> dict[str, str]:
    """Return a package whose build is ``files`` calls of the compiler."""
    return package(unique("many"), build=MANY_FILES.format(files=files)) | {"hello.c": PART}


def small_packages(farm: Farm) -> list[Source]:
    """Return a library with five packages, scripts, and a program."""
    trees = (source_tree("greet"), source_tree("greet-scripts"), package(unique("hello")))
    return [source(farm, tree, arch) for tree, arch in zip(trees, (ARCH, "noarch", ARCH), strict=True)]


def source(farm: Farm, tree: dict[str, str], arch: str = ARCH) -> Source:
    """Have the farm make the source package of a tree, as it does for any build."""
    url = farm.git.publish(unique("soak"), tree)
    arguments = [url, farm.build_tag, {"repo_id": wait_for_repo(farm)}]
    return Source(farm.closed(farm.worker_task("buildSRPMFromSCM", *arguments))["srpm"], arch)


def start_builds(farm: Farm, sources: Sequence[Source], number: int) -> list[int]:
    """Put so many builds into the hub's queue; the sources take turns. Returns the tasks."""
    options = {"repo_id": wait_for_repo(farm)}
    with farm.admin.multicall(strict=True) as calls:
        made = [
            calls.makeTask(
                "buildArch", [each.srpm, farm.build_tag, each.arch, False, options], arch=each.arch
            )
            for each in islice(cycle(sources), number)
        ]
    return [int(task.result) for task in made]


def until_all_closed(farm: Farm, tasks: Sequence[int], look: Callable[[int], object] = id) -> None:
    """Wait until all are done, and call ``look`` with how many are each time that there are more."""
    open_ones, closed = list(tasks), koji.TASK_STATES["CLOSED"]
    last = time.monotonic()
    while open_ones:
        time.sleep(PAUSE)  # to ask more often would cost the hub what is measured here
        rows = farm.admin.getTaskInfo(open_ones[:ASKED_AT_ONCE])
        over = {row["id"]: row["state"] for row in rows if row["state"] in FINISHED}
        failed = [task for task, state in over.items() if state != closed]
        assert not failed, f"task {failed[0]}: {farm.failure(failed[0])}\n{farm.log_tail()}"
        assert over or time.monotonic() < last + PATIENCE, f"no task ends any more\n{farm.log_tail()}"
        if over:
            last = time.monotonic()
            open_ones = [task for task in open_ones if task not in over]
            look(len(tasks) - len(open_ones))


def ended_at(farm: Farm, tasks: Sequence[int]) -> float:
    """Return when the last of these tasks was done, in seconds since the epoch."""
    return float(max(row["completion_ts"] for row in farm.admin.getTaskInfo(list(tasks))))
