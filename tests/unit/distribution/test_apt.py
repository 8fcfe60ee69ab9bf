"""Which of the host's apt sources are used, and what is said where there are none; with a fake apt-get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.distribution.apt import Apt
from tests.distribution.build import build
from tests.distribution.run import DistributionError, run


def fake(directory: Path, name: str, output: str) -> None:
    """A program ``name`` in ``directory`` that prints ``output``."""
    directory.mkdir(exist_ok=True)
    (directory / "output").write_text(output)
    program = directory / name
    program.write_text(f"#!/bin/sh\ncat '{directory}/output'\n")
    program.chmod(0o755)


def targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *rows: str) -> None:
    fake(tmp_path / "bin", "apt-get", "".join(f"{row}\n" for row in rows))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


def row(origin: str, uri: str, index: Path, signed_by: str = "$(SIGNED_BY)", trusted: str = "yes") -> str:
    return "\t".join([origin, trusted, uri, "bookworm", "main", signed_by, str(index)])


def test_only_official_signed_sources_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "Packages"
    index.touch()
    targets(
        tmp_path,
        monkeypatch,
        row("Debian", "http://deb.debian.org/debian/", index),
        row("Debian", "http://security/", index, signed_by="/usr/share/keyrings/debian.gpg"),
        row("Node Source", "http://node/", index),
        row("Debian", "http://unsigned/", index, trusted="no"),
    )
    apt = Apt(tmp_path)
    assert apt.lists == (str(index),)
    assert (tmp_path / "sources.list").read_text().splitlines() == [
        "deb [signed-by=/usr/share/keyrings/debian.gpg] http://security/ bookworm main",
        "deb http://deb.debian.org/debian/ bookworm main",
    ]


def test_no_official_source_is_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets(tmp_path, monkeypatch, row("Ubuntu", "http://archive.ubuntu.com/", tmp_path))
    with pytest.raises(DistributionError, match="needs a Debian host; on one, run `apt-get update`"):
        Apt(tmp_path)


def test_indexes_that_are_not_downloaded_count_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets(tmp_path, monkeypatch, row("Debian", "http://deb.debian.org/", tmp_path / "missing"))
    with pytest.raises(DistributionError, match="apt-get update"):
        Apt(tmp_path)


def test_host_without_apt_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DistributionError, match="needs a Debian host with apt and dpkg"):
        build(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_tools_are_named_by_their_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("apt-get", "dpkg-deb"):
        fake(tmp_path, name, "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DistributionError, match="apt-get install createrepo-c rpm"):
        build(tmp_path / "out")


def test_a_failing_command_is_shown_as_it_can_be_pasted() -> None:
    with pytest.raises(
        DistributionError, match=r"exit status 3 of sh -c 'echo no such package >&2; exit 3'\nno such"
    ):
        run(["sh", "-c", "echo no such package >&2; exit 3"])
