"""Equal keys, equal roots; different roots, different keys. And what makes two questions the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from koji_adjutant.buildroot.resolving.key import layer_key, question_key
from koji_adjutant.buildroot.specification.config import (
    BuildrootConfig,
    PackageManagerOptions,
    Repository,
    TagOptions,
    for_tag,
)
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan, Wanted

BASH = PackageFile("bash-5-1.x86_64", "sha256:aa", 10, "build", "bash.rpm")
MAKE = PackageFile("make-4-1.x86_64", "sha256:bb", 10, "build", "make.rpm")
PLAN = Plan((BASH, MAKE))


def config(repo_id: int = 1, name: str = "f99-build", vendor: str = "Koji") -> BuildrootConfig:
    tag = {"name": name, "extra": {}}
    return for_tag(
        tag, repo_id, "x86_64", "build", buildroot_id=5, options=TagOptions(vendor=vendor), network=False
    )


def test_only_the_packages_matter_not_where_they_came_from() -> None:
    key = layer_key(None, PLAN, config(), "digest")
    elsewhere = Plan(tuple(replace(one, repository="x", location="y", base="z") for one in (MAKE, BASH)))
    assert layer_key(None, elsewhere, config(2, "f100-build", vendor="V"), "digest") == key


@pytest.mark.parametrize(
    "other",
    [
        (None, Plan((BASH,)), config(), "digest"),
        (None, Plan((BASH, replace(MAKE, checksum="sha256:cc"))), config(), "digest"),
        (None, Plan((BASH, MAKE), ("sed-4-1.x86_64",)), config(), "digest"),
        ("parent", PLAN, config(), "digest"),
        (None, PLAN, replace(config(), arch="aarch64", target_arch="aarch64"), "digest"),
        (None, PLAN, replace(config(), package_manager=PackageManagerOptions(forcearch="s390x")), "digest"),
        (None, PLAN, config(), "other digest"),
    ],
)
def test_what_shapes_a_root_matters(other: tuple[str | None, Plan, BuildrootConfig, str]) -> None:
    assert layer_key(*other) != layer_key(None, PLAN, config(), "digest")


def test_a_question_is_the_same_wherever_the_repositories_are() -> None:
    wanted = Wanted(groups=["build"])
    moved = replace(config(7), repositories=[Repository("build", ["http://elsewhere/"])])
    assert question_key(None, wanted, "content", config(), "digest") == question_key(
        None, wanted, "content", moved, "digest"
    )


@pytest.mark.parametrize(
    "other",
    [
        ("parent", Wanted(groups=["build"]), "content", config(), "digest"),
        (None, Wanted(groups=["srpm-build"]), "content", config(), "digest"),
        (None, Wanted(packages=["build"]), "content", config(), "digest"),
        (None, Wanted(groups=["build"], requires=["gcc"]), "content", config(), "digest"),
        (None, Wanted(groups=["build"]), "other content", config(), "digest"),
        (None, Wanted(groups=["build"]), "content", replace(config(), arch="i386"), "digest"),
        *(
            (None, Wanted(groups=["build"]), "content", replace(config(), package_manager=options), "digest")
            for options in (
                PackageManagerOptions(releasever="41"),
                PackageManagerOptions(module_hotfixes=True),
                PackageManagerOptions(module_setup_commands=[("enable", "a:1")]),
            )
        ),
        (None, Wanted(groups=["build"]), "content", config(), "other digest"),
    ],
)
def test_what_decides_the_answer_matters(other: tuple[str | None, Wanted, str, BuildrootConfig, str]) -> None:
    assert question_key(*other) != question_key(None, Wanted(groups=["build"]), "content", config(), "digest")
