"""What a merge leaves out for a reason and what not, judged by mergerepo_c itself."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.builds.repo_program import PROGRAMS
from tests.unit.builds.repositories import make_repository, package

MERGEREPO = shutil.which("mergerepo_c", path=str(Path(sys.executable).parent)) or "mergerepo_c"
OPTIONS = {"koji": ["--koji"], "simple": ["--koji", "--simple"], "bare": ["--pkgorigins", "--all"]}

LOCAL = [
    package("ours-1-1.x86_64", "ours-1-1.src.rpm"),
    package("ours-doc-1-1.noarch", "ours-1-1.src.rpm"),
    package("shared-1-1.x86_64", "shared-1-1.src.rpm"),
]
OUTSIDE = [
    package("ours-2-1.x86_64", "ours-2-1.src.rpm"),  # the first repository has a build of it
    package("shared-1-1.x86_64", "shared-1-1.src.rpm", epoch="1"),
    package("shared-more-1-1.i686", "shared-1-1.src.rpm"),
    package("theirs-1-1.x86_64", "theirs-1-1.src.rpm"),
    package("theirs-2-1.x86_64", "theirs-2-1.src.rpm"),
    package("theirs-doc-2-1.noarch", "theirs-2-1.src.rpm"),
    package("unwanted-1-1.noarch", "unwanted-1-1.src.rpm"),
    package("foreign-1-1.s390x", "foreign-1-1.src.rpm"),
    package("foreign-1-1.src"),
    package("orphan-1-1.noarch"),
    package("odd-1-1.noarch", "no file name"),
    package("alike-1-1.noarch", "alike-1-1.src.rpm", checksum="a" * 64),
    package("alike-2-1.noarch", "alike-2-1.src.rpm", checksum="a" * 64),
]
LATER = [
    package("theirs-9-1.x86_64", "theirs-9-1.src.rpm"),
    package("late-1-1.noarch", "late-1-1.src.rpm"),
    package("late-1-1.noarch", "late-1-1.src.rpm", epoch="3"),
]

Check = Callable[..., Any]


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    """The modules merged and repository, as the program in the container imports them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROGRAMS))
        yield importlib.import_module("merged")
        for name in ("merged", "repository"):
            patch.delitem(sys.modules, name)


@pytest.fixture
def urls(tmp_path: Path) -> list[str]:
    named = {"local": LOCAL, "outside": OUTSIDE, "later": LATER}
    return [make_repository(tmp_path / name, packages) for name, packages in named.items()]


@pytest.fixture
def check(tool: Any, tmp_path: Path, urls: Sequence[str]) -> Check:
    """Whether all of them are in what ``merging`` some of them makes."""
    repository = tool.repository
    sources = [repository.read_repository(url, repository.read_index(url), tmp_path) for url in urls]
    (tmp_path / "blocklist").write_text("unwanted\n")

    def run(mode: str, merging: Sequence[str], arch: str = "x86_64") -> Any:
        options = OPTIONS[mode] + (["-b", str(tmp_path / "blocklist")] if mode != "bare" else [])
        command = [MERGEREPO, *options, "-a", arch, "--arch-expand", "-o", str(tmp_path / "merged")]
        command += [part for url in merging for part in ("-r", url)]
        subprocess.run(command, check=True, capture_output=True)
        blocked = frozenset() if mode == "bare" else frozenset({"unwanted"})
        return tool.problem_with(tmp_path / "merged/repodata", sources, tool.Order(mode, arch, blocked))

    return run


@pytest.mark.parametrize("arch", ["x86_64", "i386", "s390x"])
@pytest.mark.parametrize("mode", OPTIONS)
def test_all_that_is_missing_has_its_reason(check: Check, urls: Sequence[str], mode: str, arch: str) -> None:
    assert check(mode, urls, arch) is None


@pytest.mark.parametrize("mode", OPTIONS)
@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_repository_that_is_not_merged(check: Check, urls: Sequence[str], mode: str, lost: int) -> None:
    problem = check(mode, [url for url in urls if url != urls[lost]])
    assert problem.url == urls[lost]
    assert "are neither in the merged repository nor left out for a reason: " in problem.reason


def test_missing_packages_are_named(check: Check, urls: Sequence[str]) -> None:
    assert check("koji", [urls[0], urls[2]]).reason == (
        "4 of its 13 packages are neither in the merged repository nor left out for a reason: "
        "theirs-1-1.x86_64, theirs-2-1.x86_64, theirs-doc-2-1.noarch, orphan-1-1.noarch"
    )


def test_nothing_was_merged(check: Check, urls: Sequence[str], tmp_path: Path) -> None:
    nothing = make_repository(tmp_path / "nothing", [])
    assert check("bare", [nothing]).url == urls[0]


def test_no_repository_was_made(tool: Any, tmp_path: Path) -> None:
    problem = tool.problem_with(tmp_path, [], tool.Order("koji", "x86_64"))
    assert problem.url is None
    assert problem.reason.startswith("mergerepo_c has made no repository: ")


def test_packages_without_origins(check: Check, tool: Any, urls: Sequence[str], tmp_path: Path) -> None:
    """More packages than origins, as if its writing had been cut off."""
    assert check("koji", urls) is None
    repodata = tmp_path / "merged/repodata"
    (origins,) = repodata.glob("*pkgorigins.gz")
    origins.write_bytes(
        tool.gzip.compress(tool.gzip.decompress(origins.read_bytes()).split(b"\n")[0] + b"\n")
    )
    problem = tool.problem_with(repodata, [], tool.Order("koji", "x86_64"))
    assert problem.reason.endswith(" packages, and the origins of 1")
