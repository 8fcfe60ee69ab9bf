"""What is accepted as an SCM URL beyond what koji's own parser refuses."""

from __future__ import annotations

import koji
import koji.daemon
import pytest

from koji_adjutant.errors import SourceError
from koji_adjutant.scm.source import ScmSource, parse_url


def source(url: str, **options: object) -> ScmSource:
    return ScmSource.of(koji.daemon.SCM(url, **options))


@pytest.mark.parametrize(
    ("url", "directory", "below"),
    [
        ("git://h/pkgs/foo.git#abc", "foo", "foo"),
        ("git+https://h/pkgs/foo#abc", "foo", "foo"),
        ("git+https://h/pkgs/foo/.git#abc", "foo", "foo"),
        ("git+https://h:8443/pkgs/foo?dir/sub#refs/heads/main", "foo", "foo/dir/sub"),
        ("git+ssh://me@h/~u/foo.git#v1.0-rc1", "foo", "foo"),
        ("git://h/foo#origin/main", "foo", "foo"),
        ("git://h/foo#HEAD~1", "foo", "foo"),
        ("svn+https://h/repo?trunk/foo#HEAD", "foo", "trunk/foo"),
        ("cvs://h/cvs?mods/foo#TAG_1", "foo", "mods/foo"),
    ],
)
def test_accepted(url: str, directory: str, below: str) -> None:
    parsed = source(url)
    assert parsed.directory_name == directory
    assert parsed.source_directory == below


@pytest.mark.parametrize(
    "url",
    [
        "git://h/foo#--upload-pack=/bin/sh",
        "git://h/foo#-x",
        "git://h/foo#a..b",
        "git://h/foo#a:b",
        "git://h/foo#+refs/heads/*:refs/heads/*",
        "git://h/foo#a b",
        "git://h/foo#a\tb",
        "git://h/foo#ref\\x",
        "git://-oProxyCommand=x/foo#abc",
        "git+ssh://-oProxyCommand=x@h/foo#abc",
        "git+ssh://u@-oProxyCommand=x/foo#abc",
        "git://h/--upload-pack=x#abc",
        "git://h/a/-x/foo#abc",
        "git://h/...git#abc",
        "git://h/foo?../..#abc",
        "git://h/foo?a/../../b#abc",
        "git://h/foo?-x#abc",
        "git://h/foo?a/-x#abc",
        "svn://h/repo#HEAD",
        "svn://h/repo?../x#HEAD",
        "svn://h/repo?-rx#HEAD",
        "cvs://h/cvs#HEAD",
        "cvs://h/cvs?mod#-D",
        "svn+ssh://-oProxyCommand=x@h/repo?foo#1",
        "svn+ssh://u@-oProxyCommand=x/repo?foo#1",
        "svn+ssh://%2doProxyCommand=x@h/repo?foo#1",
        "svn://-h/repo?foo#1",
        "svn://h/repo?foo@7#1",
        "svn://h/re@po?foo#1",
        "svn://h/repo?/foo#1",
        "svn://h/repo?foo#1:2",
        "svn://h/repo?foo#--config-option=x",
        "svn://h/%2e%2e%2fx/-r?foo#1",
        "cvs+ssh://-oProxyCommand=x@h/cvs?foo#T",
        "cvs+ssh://u@-oProxyCommand=x/cvs?foo#T",
        "cvs+ssh://u@h:ext:x/cvs?foo#T",
        "cvs://;proxy=x@h/cvs?foo#T",
        "cvs://h/cvs%0Aroot?foo#T",
        "cvs://h/cvs?../CVSROOT#T",
        "cvs://h/cvs?-dx#T",
        "git://h:x/foo#abc",
        "git://ext::sh/foo#abc",
    ],
)
def test_refused_with_one_sentence(url: str) -> None:
    with pytest.raises(SourceError) as refusal:
        source(url, allow_password=True)
    assert "SCM URL" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_kojis_source_carries_the_commit() -> None:
    url = "git+https://user@h.example:8443/pkgs/foo.git?sub/dir#main"
    expected = {"url": url, "source": "git+https://h.example:8443/pkgs/foo.git?sub/dir#0123"}
    # kojid's SCM leaves the user out, because its host has none
    assert source(url).koji_source("0123") == expected


def test_kojis_source_of_other_systems_is_the_url() -> None:
    url = "svn://h/repo?trunk#12"
    assert source(url).koji_source(None) == {"url": url, "source": url}


def test_password() -> None:
    parsed = source("git+https://me:secret@h/foo#abc", allow_password=True)
    assert parsed.password == "secret"
    assert source("git+https://me@h/foo#abc").password is None


@pytest.mark.parametrize("url", ["git+https://me:secret@h/foo", "git+https://me:secret@h/foo#abc"])
def test_a_refusal_of_koji_s_does_not_show_the_password(url: str) -> None:
    with pytest.raises(koji.GenericError) as refusal:
        parse_url(url)
    assert "me:***" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(SourceError) as refusal:
        source("git+https://me:secret@h/foo#-x", allow_password=True)
    assert "me:***@h" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_what_the_hub_decides_is_kept() -> None:
    scm = koji.daemon.SCM("git://h/foo#abc")
    scm.assert_allowed_by_config("h:/foo:no:fedpkg,sources")
    parsed = ScmSource.of(scm)
    assert (parsed.use_common, parsed.source_cmd) == (False, ("fedpkg", "sources"))
    scm = koji.daemon.SCM("git://h/foo#abc")
    scm.assert_allowed_by_config("h:*:yes:")
    parsed = ScmSource.of(scm)
    assert (parsed.use_common, parsed.source_cmd) == (True, None)
