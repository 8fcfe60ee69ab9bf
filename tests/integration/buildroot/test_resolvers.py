"""The same questions, asked of each resolver that the tool image has, have the same right answers."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from koji_adjutant.buildroot.resolving.metadata import SEEN_AT, Metadata
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.specification.render import resolver_conf
from koji_adjutant.buildroot.toolbox import run_tool
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.container.interface import VolumeMount
from tests.integration.buildroot.resolver_repositories import Repositories, make_repositories


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return make_repositories(tmp_path_factory.mktemp("resolvers"))


Answer = dict[str, Any]
Ask = Callable[..., Answer]


@pytest.fixture
def ask_any(workspace: Workspace, repositories: Repositories, tmp_path: Path) -> Ask:
    """What a resolver says of repositories and a root; ``conf`` is added to the main section of dnf.conf,
    ``per_repository`` to each of the others. What it logs is in ``tmp_path``/log."""

    def ask(
        package_manager: str,
        *installed: str,
        conf: str = "",
        per_repository: tuple[str, str] = ("", ""),
        cached: bool = False,
        damaged: str | None = None,
        **question: Any,
    ) -> Answer:
        asked: dict[str, Any] = {kind: [] for kind in ("groups", "packages", "requires", "modules")}
        asked |= {"releasever": None, "forcearch": None, "package_manager": package_manager, **question}
        config = for_repos(
            repositories.places, platform.machine(), "build", network=False, options=TagOptions()
        )
        asked["repositories"] = [repository.id for repository in config.repositories]
        for directory in ("home", "metadata", "cache"):
            (tmp_path / directory).mkdir(exist_ok=cached)
        (tmp_path / "home" / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        text = resolver_conf(config, SEEN_AT).replace("[main]", f"[main]\n{conf}")
        for repository, lines in zip(asked["repositories"], per_repository, strict=True):
            text = text.replace(f"[{repository}]", f"[{repository}]\n{lines}")
        (tmp_path / "dnf.conf").write_text(text)
        (tmp_path / "request.json").write_text(json.dumps(asked))
        root = repositories.root(*installed) if installed else tmp_path / "nothing"
        root.mkdir(exist_ok=True)
        mounts = [VolumeMount(tmp_path / "cache", PurePosixPath("/cache"))]
        if not cached:
            Metadata(config).fetch(tmp_path / "metadata")
            for file in (tmp_path / "metadata").glob(damaged or "nothing"):
                file.write_text("damaged")
            mounts.append(VolumeMount(tmp_path / "metadata", SEEN_AT, read_only=True))
        with (tmp_path / "log").open("wb") as log:
            status = run_tool(
                workspace, "resolve.py", role="resolve", work=tmp_path, root=root, log=log, mounts=mounts
            )
        print((tmp_path / "log").read_text())
        answer: Answer = json.loads((tmp_path / "plan.json").read_text())
        assert status == (1 if answer["missing"] or answer["problems"] else 0)
        return answer

    return ask


@pytest.fixture(scope="module")
def absent() -> set[str]:
    """Resolvers that the image turned out not to have."""
    return set()


@pytest.fixture(params=["dnf4", "dnf5"])
def ask(request: pytest.FixtureRequest, ask_any: Ask, absent: set[str], tmp_path: Path) -> Ask:
    """What one of the resolvers says."""
    resolver = request.param

    def ask(*installed: str, **question: Any) -> Answer:
        if resolver not in absent:
            answer = ask_any(resolver, *installed, **question)
            if f"Resolving with {resolver}\n" in (tmp_path / "log").read_text():
                return answer
            absent.add(resolver)
        pytest.skip(f"the tool image has no {resolver}")

    return ask


def installs(answer: Answer) -> list[str]:
    """The packages, without what is the same in all of them."""
    assert (answer["missing"], answer["problems"], answer["read"]) == ([], [], True)
    nevras = [package["nevra"] for package in answer["install"]]
    assert nevras == sorted(nevras)
    return [nevra.removesuffix(".noarch").removesuffix("-1") for nevra in nevras]


QUESTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "the newest": ({"packages": ["lib"]}, ["lib-3"]),
    "a certain version": ({"packages": ["lib-1"]}, ["lib-1"]),
    "what provides it": ({"packages": ["virtual(lib)"]}, ["lib-3"]),
    "with what it requires": ({"packages": ["user"]}, ["lib-3", "user-1"]),
    "nothing recommended": ({"packages": ["recommending"]}, ["recommending-1"]),
    "nothing that offers itself": ({"packages": ["base"]}, ["base-1"]),
    "a pattern": ({"packages": ["re*ng"]}, ["recommending-1"]),
    "a program's path": ({"packages": ["/usr/bin/tool"]}, ["tool-1"]),
    "what replaces it": ({"packages": ["old"]}, ["new-1"]),
    "a requirement": ({"requires": ["lib"]}, ["lib-3"]),
    "a versioned requirement": ({"requires": ["virtual(lib) < 3"]}, ["lib-2"]),
    "not by a name": ({"requires": ["lib < 3", "virtual(lib) >= 2"]}, ["lib-2"]),
    "not a pattern": ({"requires": ["glob(build[x])"]}, ["globbing-1"]),
    "a requirement that was replaced": ({"requires": ["old"]}, ["old-1"]),
    "a file": ({"requires": ["/usr/bin/tool"]}, ["tool-1"]),
    "a file of the filelists": ({"requires": ["/opt/odd/file"]}, ["odd-1"]),
    "a package that requires it": ({"requires": ["needs-odd"]}, ["needs-odd-1", "odd-1"]),
    "or": ({"requires": ["right", "(left or right)"]}, ["right-1"]),
    "or, elsewhere": ({"requires": ["left"], "packages": ["choosing"]}, ["choosing-1", "left-1"]),
    "if so": ({"requires": ["(left if base)", "base"]}, ["base-1", "left-1"]),
    "if not": ({"requires": ["(left if base)"]}, []),
    "if never": ({"requires": ["(left if there-is-no-such-thing)", "right"]}, ["right-1"]),
    "with": ({"requires": ["(virtual(lib) >= 2 with virtual(lib) < 3)"]}, ["lib-2"]),
    "what is available rather than the newest": ({"packages": ["picky"]}, ["picky-1"]),
    "a group": ({"groups": ["build"]}, ["base-1", "late-1", "left-1", "new-1"]),
    "a condition met": (
        {"groups": ["build"], "packages": ["tool"]},
        ["base-1", "late-1", "left-1", "new-1", "right-1", "tool-1"],
    ),
    "a group by its name": ({"groups": ["the BUILD*"]}, ["base-1", "late-1", "left-1", "new-1"]),
    "a group of this arch": ({"groups": ["native"]}, [f"native-1-1.{platform.machine()}"]),
    "an environment": ({"groups": ["everything"]}, [f"native-1-1.{platform.machine()}"]),
    "another arch": (
        {"requires": ["foreign"], "forcearch": "s390x"},
        ["foreign-1-1.s390x", "native-1-1.s390x"],
    ),
    "a default stream": ({"packages": ["speech"]}, ["speech-1"]),
    "a stream": ({"packages": ["speech"], "modules": [["enable", "tongue:2"]]}, ["speech-2"]),
    "a stream for a requirement": (
        {"requires": ["speech"], "modules": [["enable", "tongue:2"]]},
        ["speech-2"],
    ),
    "no stream": ({"packages": ["speech"], "modules": [["disable", "tongue"]]}, ["speech-3"]),
    "several commands": (
        {"requires": ["speech"], "modules": [["disable", "tongue"], ["enable", "tongue:2"]]},
        ["speech-2"],
    ),
    "hot fixes": (
        {"packages": ["speech"], "per_repository": ("", "module_hotfixes=1")},
        ["speech-3"],
    ),
    "what has priority": (
        {"packages": ["lib"], "per_repository": ("priority=10", "priority=20")},
        ["lib-2"],
    ),
    "not what is excluded": ({"packages": ["lib"], "conf": "excludepkgs=lib-3*,user"}, ["lib-2"]),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_installed(ask: Ask, name: str) -> None:
    question, packages = QUESTIONS[name]
    answer = ask(**question)
    assert installs(answer) == packages
    assert answer["erase"] == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ({"groups": ["nothing", "build"]}, ["@nothing"]),
        ({"packages": ["nothing", "lib"]}, ["nothing"]),
        ({"packages": ["tool"], "conf": "excludepkgs=tool"}, ["tool"]),
        (
            {"requires": ["nothing", "lib > 3", "/no/file", "bas*"]},
            ["nothing", "lib > 3", "/no/file", "bas*"],
        ),
    ],
)
def test_what_is_missing(ask: Ask, question: dict[str, Any], missing: list[str]) -> None:
    answer = ask(**question)
    assert (answer["missing"], answer["read"], answer["install"]) == (missing, True, [])


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"packages": ["broken"]}, "there-is-no-such-thing"),
        ({"groups": ["broken"]}, "there-is-no-such-thing"),
        ({"requires": ["(no-such or such)"]}, "no-such"),
        ({"packages": ["against", "base"]}, "conflicts with base"),
        ({"packages": ["picky"], "conf": "best=1"}, "there-is-no-such-thing"),
        ({"requires": ["lib"], "modules": [["enable", "no-tongue"]]}, "no-tongue"),
        ({"requires": ["lib"], "modules": [["praise", "tongue"]]}, "unknown module command: praise"),
    ],
)
def test_what_cannot_be_resolved(ask: Ask, question: dict[str, Any], words: str) -> None:
    answer = ask(**question)
    assert (answer["missing"], answer["install"]) == ([], [])
    assert words in " ".join(answer["problems"])


@pytest.mark.parametrize(
    "question", [{"requires": ["speech >= 2"]}, {"requires": ["tool"], "conf": "exclude=tool"}]
)
def test_what_is_hidden(ask: Ask, question: dict[str, Any]) -> None:
    """dnf 4 says what hides it, dnf5 that it is missing."""
    answer = ask(**question)
    (wanted,) = question["requires"]
    said = [*answer["missing"], *answer["problems"]]
    assert any(words == wanted or "filtered out" in words for words in said)
    assert answer["install"] == []


@pytest.mark.parametrize(
    ("installed", "question", "erased", "packages"),
    [
        (["base-1"], {"packages": ["base"]}, [], []),
        (["lib-1"], {"requires": ["lib"]}, [], []),
        (["lib-1"], {"requires": ["virtual(lib) >= 2"]}, ["lib-1-1.noarch"], ["lib-3"]),
        (["base-1"], {"requires": ["against"]}, ["base-1-1.noarch"], ["against-1"]),
        (["left-1"], {"packages": ["choosing"]}, [], ["choosing-1"]),
        (["base-1", "lib-2"], {"groups": ["build"]}, [], ["late-1", "left-1", "new-1"]),
        (["old-1"], {"packages": ["new"]}, ["old-1-1.noarch"], ["new-1"]),
    ],
)
def test_what_changes_in_a_root(
    ask: Ask, installed: list[str], question: dict[str, Any], erased: list[str], packages: list[str]
) -> None:
    answer = ask(*installed, **question)
    assert installs(answer) == packages
    assert answer["erase"] == erased


def test_where_a_package_is(ask: Ask, repositories: Repositories) -> None:
    (package,) = ask(packages=["late"])["install"]
    file = Path(repositories.places[1]) / package["location"]
    assert package["size"] == file.stat().st_size
    assert package["repository"] == "build-2"
    assert package["checksum"].startswith("sha256:")
    assert package["base"] is None


def test_a_second_question_takes_the_cache_alone(ask: Ask) -> None:
    question = {
        "groups": ["build"],
        "requires": ["/opt/odd/file", "speech"],
        "modules": [["enable", "tongue:2"]],
    }
    first = ask(**question)
    assert installs(first) == ["base-1", "late-1", "left-1", "new-1", "odd-1", "speech-2"]
    assert ask(cached=True, **question) == first


@pytest.mark.parametrize("damaged", ["build-2/repodata/primary.xml*", "build-1/repodata/*comps.xml*"])
def test_a_repository_that_cannot_be_read(ask: Ask, damaged: str) -> None:
    lenient = "skip_if_unavailable=1"
    answer = ask(groups=["build"], damaged=damaged, per_repository=(lenient, lenient))
    assert (answer["read"], answer["missing"], answer["install"]) == (False, [], [])
    assert damaged.partition("/")[0] in " ".join(answer["problems"])


@pytest.mark.parametrize("resolver", ["dnf4", "dnf5"])
def test_one_answers_for_the_other(ask_any: Ask, resolver: str, tmp_path: Path) -> None:
    assert installs(ask_any(resolver, packages=["user"])) == ["lib-3", "user-1"]
    log = (tmp_path / "log").read_text()
    assert (f"Resolving with {resolver}\n" in log) != ("is not available in the tool image" in log)


def test_only_dnf4_installs_modules(ask: Ask, tmp_path: Path) -> None:
    answer = ask(modules=[["install", "tongue:2/default"]])
    if "Resolving with dnf5\n" in (tmp_path / "log").read_text():
        assert answer["problems"] == ["dnf5 cannot install modules: that takes mock.package_manager=dnf"]
    else:
        assert installs(answer) == ["speech-2"]
