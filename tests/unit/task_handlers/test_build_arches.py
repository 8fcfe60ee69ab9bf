from __future__ import annotations

import koji
import pytest

from koji_adjutant.hub.rows import TagRow
from koji_adjutant.task_handlers.build_arches import ArchTags, build_arches, noarch_task_arch

TAG: TagRow = {"id": 2, "name": "f39-build", "arches": "x86_64 aarch64 i686", "extra": {}}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (ArchTags(), ["x86_64", "aarch64", "i686"]),
        (ArchTags(buildarchs=["noarch"]), ["noarch"]),
        (ArchTags(exclusivearch=["x86_64", "ppc64le"]), ["x86_64"]),
        (ArchTags(excludearch=["i686"]), ["x86_64", "aarch64"]),
        (ArchTags(exclusivearch=["x86_64", "noarch"]), ["x86_64", "noarch"]),
        (ArchTags(buildarchs=["noarch"], excludearch=["i686"]), ["noarch"]),
        (ArchTags(exclusivearch=["i586", "i686"]), ["i686"]),
    ],
)
def test_arches_follow_the_spec(tags: ArchTags, expected: list[str]) -> None:
    assert build_arches(TAG, tags) == expected


def test_extra_arches_of_the_package_need_a_canonical_arch_of_the_tag() -> None:
    assert build_arches(TAG, ArchTags(), extra="i586 s390x") == ["x86_64", "aarch64", "i686", "i586"]


def test_override_wins_but_stays_within_the_tag() -> None:
    assert build_arches(TAG, ArchTags(), override="aarch64 s390x aarch64") == ["aarch64"]


def test_nothing_to_build() -> None:
    with pytest.raises(koji.BuildError, match=r"^No matching arches were found$"):
        build_arches(TAG, ArchTags(exclusivearch=["s390x"]))
    with pytest.raises(koji.BuildError, match=r"^No arches for tag f39-build \[2\]$"):
        build_arches(TAG | {"arches": None}, ArchTags())


def test_noarch_may_go_anywhere_unless_something_speaks_against_it() -> None:
    assert noarch_task_arch(TAG, ArchTags()) == "noarch"
    assert noarch_task_arch(TAG, ArchTags(excludearch=["s390x"])) == "noarch"
    assert noarch_task_arch(TAG, ArchTags(exclusivearch=["aarch64"])) == "aarch64"
    assert noarch_task_arch(TAG, ArchTags(excludearch=["i686", "aarch64"])) == "x86_64"
    assert noarch_task_arch(TAG | {"extra": {"noarch_arches": "x86_64 s390x"}}, ArchTags()) == "x86_64"


def test_noarch_with_nowhere_to_go() -> None:
    with pytest.raises(koji.BuildError, match=r"^No valid arches were found\. "):
        noarch_task_arch(TAG, ArchTags(exclusivearch=["s390x"]))
