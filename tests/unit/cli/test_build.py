"""The command line of ``koji-adjutant build``, as far as it goes without containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from koji_adjutant.builds.local import parse_source
from koji_adjutant.cli.build import MARKER, command
from koji_adjutant.errors import SourceError, UsageError
from koji_adjutant.scm.source import ScmSource


def test_sources(tmp_path: Path) -> None:
    srpm = tmp_path / "a.src.rpm"
    srpm.touch()
    assert parse_source(str(srpm)) == srpm
    assert parse_source(str(tmp_path)) == tmp_path
    for url in ("git+https://h/p/foo?sub#v1", "https://h/p/foo?sub#v1"):
        source = parse_source(url)
        assert isinstance(source, ScmSource)
        assert (source.scheme, source.repository, source.module, source.revision) == (
            "git+https://",
            "/p/foo",
            "sub",
            "v1",
        )
        assert not source.use_common


def test_no_sources(tmp_path: Path) -> None:
    (tmp_path / "a.spec").touch()
    with pytest.raises(UsageError, match="is no source package"):
        parse_source(str(tmp_path / "a.spec"))
    with pytest.raises(UsageError, match="no file, no directory and no SCM URL"):
        parse_source("nothing-here")
    with pytest.raises(SourceError, match=r"malformed.*fragment"):
        parse_source("git://h/foo")
    with pytest.raises(SourceError, match="not acceptable"):
        parse_source("git://h/foo#--upload-pack=x")


def test_foreign_results_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    repo = tmp_path / "repo" / "repodata"
    repo.mkdir(parents=True)
    (repo / "repomd.xml").touch()
    mine = tmp_path / "results" / "mine.txt"
    mine.parent.mkdir()
    mine.touch()
    arguments = [str(tmp_path), "--repo", str(tmp_path / "repo"), "--resultdir", str(mine.parent)]
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, UsageError)
    assert "give another --resultdir" in str(result.exception)
    assert mine.exists()
    assert not (mine.parent / MARKER).exists()


def test_an_arch_that_this_machine_cannot_run_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / "repodata").mkdir()
    (tmp_path / "repodata" / "repomd.xml").touch()
    results = tmp_path / "results"
    for arch in ("nonsense", "noarch"):
        arguments = [str(tmp_path), "--repo", str(tmp_path), "--resultdir", str(results), "--arch", arch]
        result = CliRunner().invoke(command, arguments)
        assert isinstance(result.exception, UsageError)
        assert f"machine cannot build for {arch}: " in str(result.exception)
    assert not results.exists()


def test_an_ordinary_user_learns_at_once_what_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (tmp_path / "repodata").mkdir()
    (tmp_path / "repodata" / "repomd.xml").touch()
    results = tmp_path / "results"
    arguments = [str(tmp_path), "--repo", str(tmp_path), "--resultdir", str(results)]
    result = CliRunner().invoke(command, arguments)
    assert str(result.exception) == "Buildroots are made of mounts, which take root: run this with sudo."
    assert not results.exists()


def test_help_has_every_option() -> None:
    text = CliRunner().invoke(command, ["--help"]).output
    for option in (
        "--repo",
        "--image",
        "--arch",
        "--group",
        "--resultdir",
        "--source-command",
        "--state-dir",
    ):
        assert option in text
