"""The command line of ``koji-adjutant build``, as far as it goes without containers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.builds.local import parse_source
from koji_adjutant.cli.build import command
from koji_adjutant.cli.build_results import MARKER, empty_resultdir, result_places
from koji_adjutant.cli.rpm_switches import rpmbuild_options, switched
from koji_adjutant.errors import AdjutantError, SourceError, UsageError
from koji_adjutant.scm.source import ScmSource


def make_repository(directory: Path) -> None:
    """What is looked for before anything is begun."""
    (directory / "repodata").mkdir(parents=True, exist_ok=True)
    (directory / "repodata" / "repomd.xml").touch()


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
    make_repository(tmp_path / "repo")
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
    make_repository(tmp_path)
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
    make_repository(tmp_path)
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


def test_results_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    make_repository(tmp_path)
    place = tmp_path / "repodata" / "repomd.xml" / "results"
    arguments = [str(tmp_path), "--repo", str(tmp_path), "--resultdir", str(place)]
    result = CliRunner().invoke(command, arguments)
    assert isinstance(result.exception, UsageError)
    assert f"Results cannot be put into {place} (Not a directory): give another" in str(result.exception)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Name repositories with --repo, a build target with --target, or a lock with --lock."),
        (["--target", "f43", "--repo", "/r"], "--repo and --group do not go with --target"),
        (["--target", "f43", "--group", "g"], "--repo and --group do not go with --target"),
        (["--target", "f43", "--lock", "x"], "do not go with --lock, which says it all"),
        (["--target", "f43", "-p", "nowhere"], "no configuration for profile name: nowhere: name a profile"),
        (["--target", "f43", "-p", "bare"], "The profile bare of the koji client has no topurl"),
        (["--target", "f43", "-p", "away"], "The hub cannot be reached at http://127.0.0.1:1/kojihub"),
        (["--repo", "{repo}", "--define", "x"], "--define takes 'NAME VALUE': it must have macros like"),
        (["--repo", "{repo}", "--define", "_topdir /x"], "cannot set %_topdir"),
        (["--repo", "{repo}", "--with", "a b"], "--with takes the name of a %bcond, and 'a b' is none."),
        (["--repo", "{repo}", "--mount", "cache:/srv"], "--mount must have absolute paths, and 'cache:/srv'"),
        (["--repo", "{repo}", "--mount", "{repo}:/srv tag=x"], "tag=x' is neither."),
        (["--repo", "{repo}", "--mount", ""], "--mount takes SOURCE:TARGET or SOURCE:TARGET:ro, and '' is"),
        (["--repo", "{repo}", "--mount", "/nowhere:/srv"], "--mount /nowhere: it is not there on this host."),
        (["--repo", "{repo}", "--mount", "{repo}:/usr"], "--mount must not cover /usr of a buildroot"),
        (["--repo", "{repo}", "--mount", "/run/podman:/srv"], "would show /run/podman to builds"),
        (["--repo", "{repo}", "--rpmbuild-opts", "'a"], "cannot be taken apart: No closing quotation"),
    ],
)
def test_what_does_not_go_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], sentence: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (tmp_path / ".koji").mkdir()
    (tmp_path / ".koji" / "config").write_text(
        "[bare]\nserver = http://127.0.0.1:1/kojihub\n"
        "[away]\nserver = http://127.0.0.1:1/kojihub\ntopurl = http://127.0.0.1:1/kojifiles\n"
    )
    make_repository(tmp_path)
    words = [str(tmp_path), *(option.format(repo=tmp_path) for option in options)]
    result = CliRunner().invoke(command, [*words, "--resultdir", str(tmp_path / "results")])
    assert isinstance(result.exception, AdjutantError), result.output
    assert sentence in str(result.exception)
    assert not (tmp_path / "results").exists()


def test_switches_become_macros(tmp_path: Path) -> None:
    make_repository(tmp_path)
    config = for_repos([str(tmp_path)], "x86_64", "build", network=False, options=TagOptions())
    defines, without = ["dist .mine", "%vendor  Two words"], ["docs", "tests"]
    made = switched(config, defines=defines, with_=["extra"], without=without, options=["--nocheck"])
    assert made.rpmbuild_options == ["--nocheck"]
    assert {name: value for name, value in made.macros.items() if config.macros.get(name) != value} == {
        "%dist": ".mine",
        "%vendor": "Two words",
        "%_with_extra": "--with-extra",
        "%_without_docs": "--without-docs",
        "%_without_tests": "--without-tests",
    }
    assert rpmbuild_options(True, "--quiet --buildpolicy 'a b'") == [
        "--nocheck",
        "--quiet",
        "--buildpolicy",
        "a b",
    ]


def test_sources_are_not_removed_with_the_last_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    make_repository(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    (results / MARKER).touch()
    (results / "a-1-1.src.rpm").touch()
    for words in (
        [str(results / "a-1-1.src.rpm"), "--repo", str(tmp_path)],
        [str(tmp_path), "--repo", str(results)],
    ):
        make_repository(results)
        result = CliRunner().invoke(command, [*words, "--resultdir", str(results)])
        assert isinstance(result.exception, UsageError), result.output
        assert "would be removed with what else is in" in str(result.exception)
    assert (results / "a-1-1.src.rpm").exists()


def test_where_results_of_several_sources_go(tmp_path: Path) -> None:
    names = ["x", "x-again", "x", "y-1-1.src.rpm"]
    found = result_places(tmp_path, [Path("/src") / name for name in names])
    assert [place.name for place in found] == ["x", "x-again", "x-again-again", "y-1-1"]


def test_a_url_is_no_file_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / MARKER).touch()
    assert empty_resultdir(tmp_path, keep=["https://host/repo"]) == tmp_path
