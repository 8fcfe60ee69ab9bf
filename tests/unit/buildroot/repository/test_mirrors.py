"""What mirror lists and metalinks name, and what of it is used."""

from __future__ import annotations

import hashlib

import pytest

from koji_adjutant.buildroot.repository.mirrors import MOST, Mirrors, read_metalink, read_mirrorlist
from koji_adjutant.buildroot.repository.repofiles import first_index
from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.errors import BuildrootError
from tests.support.web_server import Site, serving_site

METALINK = """\
<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
 <files><file name="repomd.xml">
  <size>10</size>
  <verification><hash type="md5">aa</hash><hash type="sha256">{now}</hash></verification>
  <mm0:alternates><mm0:alternate>
   <verification><hash type="sha256">{before}</hash></verification>
  </mm0:alternate></mm0:alternates>
  <resources maxconnections="1">{resources}</resources>
 </file></files>
</metalink>
"""
RESOURCE = '<url protocol="{scheme}" type="{scheme}" preference="{preference}">{url}</url>'


def metalink(*urls: str, now: bytes = b"now", before: bytes = b"before") -> str:
    """With the last of the mirrors preferred."""
    resources = [
        RESOURCE.format(scheme=url.split(":")[0], preference=50 + number, url=url)
        for number, url in enumerate(urls)
    ]
    digests = {"now": hashlib.sha256(now).hexdigest(), "before": hashlib.sha256(before).hexdigest()}
    return METALINK.format(**digests, resources="".join(resources))


def read(text: str) -> Mirrors:
    with serving_site(Site({"/metalink": text.encode()})) as url:
        return read_metalink(f"{url}/metalink")


def test_a_metalink() -> None:
    found = read(
        metalink(
            *("rsync://a/x/repodata/repomd.xml", "http://b/x/repodata/repomd.xml"),
            *(
                "https://c/x/repodata/repomd.xml",
                "file:///etc/repodata/repomd.xml",
                "https://d/elsewhere.xml",
            ),
        )
    )
    assert found.urls == ("https://c/x", "http://b/x")
    digests = [hashlib.sha256(text).hexdigest() for text in (b"now", b"before")]
    assert found.repomd == tuple(Checksum("sha256", digest) for digest in digests)


def test_a_mirror_list() -> None:
    text = "# mirrors\nhttps://a/$basearch/\n\nhttp://b/x\nftp://c/x\n/etc\nhttp://b/x\n"
    with serving_site(Site({"/list": text.encode()})) as url:
        assert read_mirrorlist(f"{url}/list", "x86_64") == Mirrors(("https://a/x86_64", "http://b/x"))


def test_not_more_than_are_of_use() -> None:
    text = "".join(f"http://mirror{number}/x\n" for number in range(100))
    with serving_site(Site({"/list": text.encode()})) as url:
        assert len(read_mirrorlist(f"{url}/list", "x86_64").urls) == MOST


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<metalink", "is no metalink: "),
        ("<html/>", "is no metalink of a repository: it has no file repomd.xml"),
        (metalink("ftp://a/repodata/repomd.xml"), "names no mirror that can be reached by http or https"),
        (
            metalink("http://a/repodata/repomd.xml").replace('type="sha256"', 'type="sha1"'),
            "does not say by sha512 or sha256 which repomd.xml it means",
        ),
    ],
)
def test_what_is_no_metalink(text: str, sentence: str) -> None:
    with pytest.raises(BuildrootError, match=sentence):
        read(text)


def test_a_list_that_is_not_there() -> None:
    with serving_site(Site({})) as url, pytest.raises(BuildrootError, match=f"{url}/list"):
        read_mirrorlist(f"{url}/list", "x86_64")


REPOMD = b'<repomd xmlns="http://linux.duke.edu/metadata/repo"/>'


def test_a_mirror_with_another_repomd_is_passed_over() -> None:
    """It may be an attacker's, or one that has not followed for long."""
    checksums = [Checksum("sha256", hashlib.sha256(REPOMD).hexdigest())]
    stale = Site({"/repodata/repomd.xml": REPOMD + b"<!-- old -->"})
    fresh = Site({"/repodata/repomd.xml": REPOMD})
    said: list[str] = []
    with serving_site(stale) as old, serving_site(fresh) as new:
        assert first_index([old, new], checksums=checksums, report=said.append)[0] == new
        sentence = f"{old}/repodata/repomd.xml is none of those that the metalink names"
        assert said == [f"{sentence}; trying the next mirror"]
        with pytest.raises(BuildrootError, match=sentence):
            first_index([old], checksums=checksums)
    assert len(stale.requests) == 2
