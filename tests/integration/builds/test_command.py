"""``koji-adjutant build`` as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from koji_adjutant.buildroot.specification.lock import NAME as LOCK
from tests.integration.buildroot.fixtures import spec
from tests.support.http_server import CREDENTIALS, ProtectedFiles, serving

EXAMPLE = Path(__file__).parents[3] / "examples" / "hello-adjutant"


class Command:
    """Runs the command with the shared state directory; results go to ``results``."""

    def __init__(self, repo: Path | str, state_dir: Path, results: Path) -> None:
        self._options = ["--repo", str(repo), "--state-dir", str(state_dir), "--resultdir", str(results)]
        self.results = results

    def __call__(self, source: object, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "koji_adjutant.cli", "build", str(source), *self._options, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def command(repo: Path, state_dir: Path, tool_image: str, tmp_path: Path) -> Command:
    return Command(repo, state_dir, tmp_path / "results")


def test_a_directory(command: Command) -> None:
    result = command(EXAMPLE)
    assert result.returncode == 0, result.stderr
    (rpm,) = command.results.glob("hello-adjutant-1.0-*.x86_64.rpm")
    assert rpm.name in result.stdout
    assert "packages in the buildroot" in result.stdout
    assert "packages" in result.stderr
    assert (command.results / "build.log").exists()
    assert (command.results / "srpm" / "build.log").exists()

    # and again from the SRPM it made, into the same place
    (srpm,) = command.results.glob("*.src.rpm")
    moved = command.results.parent / srpm.name
    shutil.move(srpm, moved)
    result = command(moved)
    assert result.returncode == 0, result.stderr
    assert not (command.results / "srpm").exists()


def test_a_failing_build_shows_why(command: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "broken.spec").write_text(spec("broken", build="echo 'in x;' > x.c\ngcc -c x.c"))
    result = command(broken)
    assert result.returncode == 6
    assert "Why (build): in %build: x.c:1:1: error: unknown type name" in result.stderr
    # there is no mock here
    assert result.stderr.splitlines()[-1] == (
        "koji-adjutant: error building package (arch x86_64); see build.log"
    )


@pytest.mark.parametrize(
    ("release", "sentence"),
    [
        ("1\n%{error:choose a flavour first}", "error: choose a flavour first"),
        ("1\nExclusiveArch: ppc64le", "error: Architecture is not included: x86_64"),
        (
            "1%{nobody_defines_this}",
            "nothing defines a macro that name, version or release consist of: "
            "'unread-1-1%{nobody_defines_this}.src.rpm'",
        ),
        # with no history that it could be of
        (
            "%autorelease",
            "nothing defines a macro that name, version or release consist of: "
            "'unread-1-%autorelease.src.rpm'",
        ),
    ],
)
def test_a_spec_that_is_of_no_use(command: Command, tmp_path: Path, release: str, sentence: str) -> None:
    (tmp_path / "unread").mkdir()
    text = spec("unread").replace("Release: 1", f"Release: {release}")
    (tmp_path / "unread" / "unread.spec").write_text(text)
    result = command(tmp_path / "unread")
    assert f"Why (spec): {sentence}" in result.stderr
    assert result.returncode == 4


def test_a_directory_of_this_machine(command: Command, tmp_path: Path) -> None:
    """A compiler's cache, say: as the build's own user may write there, and where it is looked for."""
    cache, package = tmp_path / "cache", tmp_path / "cached"
    cache.mkdir()
    cache.chmod(0o777)
    (cache / "earlier").write_text("from the last build\n")
    package.mkdir()
    (package / "cached.spec").write_text(spec("cached", build="cat /srv/cache/earlier\n: >/srv/cache/later"))
    result = command(package, "--mount", f"{cache}:/srv/cache")
    assert result.returncode == 0, result.stderr
    assert "\nfrom the last build\n" in (command.results / "build.log").read_text()
    assert (cache / "later").exists()
    lock = json.loads((command.results / "adjutant_lock.json").read_text())
    assert lock["buildroot"]["mounts"] == [f"{cache}:/srv/cache:rw"]


def test_a_changelog_in_another_encoding(command: Command, tmp_path: Path) -> None:
    (tmp_path / "umlaut").mkdir()
    changelog = "%changelog\n* Tue Mar 05 2024 a <a@b> - 1-1\n- f\u00fcr alle\n"
    text = f"{spec('umlaut')}\n{changelog}"
    (tmp_path / "umlaut" / "umlaut.spec").write_text(text, encoding="latin-1")
    result = command(tmp_path / "umlaut")
    assert "Why (spec): error: Package umlaut: invalid utf-8 encoding in Changelogtext: " in result.stderr
    assert result.returncode == 4


def test_a_directory_that_programs_watch(command: Command, tmp_path: Path) -> None:
    """They have a socket there, or a named pipe, beside what is source."""
    (watched := tmp_path / "watched").mkdir()
    subprocess.run(["git", "init", "--quiet", str(watched)], check=True)
    (watched / "watched.spec").write_text(spec("watched", "Source0: data", build="grep there %{SOURCE0}"))
    (watched / "data").write_text("it is there\n")
    os.mkfifo(watched / "events")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(watched / ".git" / "watcher"))
        result = command(watched)
    assert result.returncode == 0, result.stderr
    assert (command.results / "watched-1-1.src.rpm").exists()
    log = (command.results / "srpm" / "build.log").read_text()
    assert "Warning: '.git/watcher' is a socket, and left out\n" in log
    assert "Warning: 'events' is a named pipe, and left out\n" in log


def test_a_repository_s_password_is_in_no_result(
    repo: Path, state_dir: Path, tool_image: str, tmp_path: Path
) -> None:
    """Logs and the lock are there to be passed on."""
    (tmp_path / "needy").mkdir()
    (tmp_path / "needy" / "needy.spec").write_text(spec("needy", "BuildRequires: popt-devel\n"))
    with serving(partial(ProtectedFiles, directory=str(repo))) as url:
        command = Command(url.replace("://", f"://{CREDENTIALS}@"), state_dir, tmp_path / "results")
        result = command(tmp_path / "needy")
    assert result.returncode == 0, result.stderr
    files = {path.name: path.read_bytes() for path in command.results.rglob("*") if path.is_file()}
    assert url.encode() in files[LOCK]
    assert f"baseurl={url}\n".encode() in files["koji.repo"]
    said = {**files, "standard output": result.stdout.encode(), "standard error": result.stderr.encode()}
    assert [name for name, data in said.items() if b"geheim" in data] == []


def test_missing_requirements(command: Command, tmp_path: Path) -> None:
    needy = tmp_path / "needy"
    needy.mkdir()
    (needy / "needy.spec").write_text(spec("needy", "BuildRequires: no-such-devel\n"))
    result = command(needy)
    assert result.returncode == 5
    assert "nothing provides no-such-devel" in result.stderr.splitlines()[-1]


def test_a_spec_that_never_ends(command: Command, tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.mkdir()
    (endless / "endless.spec").symlink_to("/dev/zero")
    result = command(endless)
    assert result.returncode == 4
    assert result.stderr.splitlines()[-1].endswith("spec file endless.spec cannot be read")


@pytest.mark.parametrize(
    ("source", "options", "code"),
    [
        ("git://127.0.0.1:9/x#main", ["--network", "host"], 3),
        ("git://127.0.0.1/x#--upload-pack=x", [], 3),
        ("/nowhere", [], 2),
        (EXAMPLE, ["--group", "no-such-group"], 8),
        (EXAMPLE, ["--image", "localhost/no-such-image:latest"], 9),
    ],
)
def test_exit_codes(command: Command, source: object, options: list[str], code: int) -> None:
    result = command(source, *options)
    assert result.returncode == code, result.stderr
    assert any(line.startswith("koji-adjutant: ") for line in result.stderr.splitlines())
