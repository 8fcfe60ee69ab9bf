"""``koji-adjutant shell`` in real buildroots."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.devhub import running_devhub
from tests.integration.cli.conftest import Run
from tests.support.terminal import run_on_terminal


@pytest.fixture(autouse=True)
def nothing_is_left(engine: PodmanManager, state_dir: Path, tool_image: str) -> Iterator[None]:
    yield
    containers = engine.list_containers({f"{LABEL_PREFIX}role": "build"})
    assert not [one for one in containers if one.labels[f"{LABEL_PREFIX}task_id"].startswith("local-")]
    assert list((state_dir / "work").glob("local-*")) == []


def test_a_command_in_a_fresh_root(adjutant: Run, repo: Path, state_dir: Path) -> None:
    script = "id -un; pwd; cat; ls /sys/class/net; touch made; exit 7"
    command = ("shell", "--repo", repo, "--state-dir", state_dir, "--", "/bin/sh", "-c", script)
    result = adjutant(*command, stdin="what comes in\n")
    assert result.returncode == 7, result.stderr
    assert result.stdout.splitlines() == ["mockbuild", "/builddir", "what comes in", "lo"]
    again = adjutant("shell", "--repo", repo, "--state-dir", state_dir, "--", "ls", "/builddir/made")
    assert again.returncode == 2


def test_as_root_with_network_and_a_package(adjutant: Run, repo: Path, state_dir: Path) -> None:
    options = ("--root", "--network", "--install", "zlib-devel", "--repo", repo, "--state-dir", state_dir)
    script = "id -u; ls /sys/class/net; test -e /usr/include/zlib.h && touch /usr/made && echo made"
    result = adjutant("shell", *options, "--", "/bin/sh", "-c", script)
    assert result.returncode == 0, result.stderr
    said = result.stdout.split()
    assert said[0] == "0"
    assert "eth0" in said
    assert said[-1] == "made"


def test_a_terminal(repo: Path, state_dir: Path) -> None:
    words = ["shell", "--repo", str(repo), "--state-dir", str(state_dir)]
    status, seen = run_on_terminal(
        [sys.executable, "-m", "koji_adjutant.cli", *words], b"test -t 0 && echo a-term''inal\nexit 3\n"
    )
    assert status == 3
    assert b"a-terminal" in seen


def test_the_latest_repo_of_a_tag(
    adjutant: Run, kojid_conf: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_devhub(tmp_path / "hub") as hub:
        text = kojid_conf.read_text().replace("http://127.0.0.1:1/kojihub", hub.url)
        kojid_conf.write_text(text.replace("http://127.0.0.1:1/kojifiles", hub.files_url))
        admin = hub.session("kojiadmin", "kojiadmin")
        admin.createTag("f39-build", arches="x86_64")
        result = adjutant("shell", "f39-build", "-c", kojid_conf, "--", "true")
        assert result.returncode == 2
        assert "The tag f39-build has no repo: `koji regen-repo f39-build`" in result.stderr
        result = adjutant("shell", "no-such-tag", "-c", kojid_conf, "--", "true")
        assert result.returncode == 1
        assert "The hub says of the tag no-such-tag: " in result.stderr
        admin.logout()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "Name a tag, or repositories with --repo"),
        (["f39-build", "-c", "/nowhere/kojid.conf"], 2, "There is no /nowhere/kojid.conf"),
    ],
)
def test_usage(adjutant: Run, words: list[str], code: int, sentence: str) -> None:
    result = adjutant("shell", *words)
    assert result.returncode == code
    assert sentence in result.stderr


def test_a_group_that_is_not_there(adjutant: Run, repo: Path, state_dir: Path) -> None:
    result = adjutant("shell", "--repo", repo, "--state-dir", state_dir, "--group", "nonsense", "--", "true")
    assert result.returncode == 8
    assert "Why (" in result.stderr
