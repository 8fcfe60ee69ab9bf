"""Downloads that go wrong: what is tried again, where it goes on, and what ends it."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from koji_adjutant.buildroot.repository import attempts, download
from koji_adjutant.buildroot.repository.download import FileMissingError
from koji_adjutant.buildroot.repository.transfer import Checksum, Expected, fetch
from koji_adjutant.errors import BuildrootError
from tests.support.web_server import Answer, Site, serving_site

CONTENT = bytes(range(256)) * 40
EXPECTED = Expected(Checksum("sha256", hashlib.sha256(CONTENT).hexdigest()), len(CONTENT))
MANY = 1 + len(attempts.PAUSES)

pytestmark = pytest.mark.usefixtures("no_pauses")


def take(
    site: Site, target: Path, *, expected: Expected = EXPECTED, mirrors: tuple[str, ...] = ()
) -> list[str]:
    """Fetch ``/a`` from the mirrors and then from the site; what was reported meanwhile."""
    reports: list[str] = []
    with serving_site(site) as url:
        fetch([*mirrors, f"{url}/a"], target, expected, report=reports.append)
    return reports


@pytest.mark.parametrize(
    "answer",
    [
        Answer(503),
        Answer(500),
        Answer(429),
        Answer(408),
        Answer(cut=len(CONTENT) // 2),
        Answer(body=CONTENT[:-20] + b"x" * 20),
        Answer(body=b""),
    ],
    ids=["503", "500", "429", "408", "cut", "corrupt", "empty"],
)
def test_one_bad_answer_is_followed_by_another_attempt(tmp_path: Path, answer: Answer) -> None:
    site = Site({"/a": CONTENT}, first=[answer])
    (report,) = take(site, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert report.endswith("; trying again in 0 s")


def test_what_was_cut_goes_on_where_it_ended(tmp_path: Path) -> None:
    site = Site({"/a": CONTENT}, first=[Answer(cut=1000)])
    take(site, tmp_path / "a")
    assert site.requests == [("/a", None), ("/a", f"bytes={len(CONTENT) - 1000}-")]
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_server_that_cannot_go_on_in_the_middle(tmp_path: Path) -> None:
    take(Site({"/a": CONTENT}, first=[Answer(cut=1000)], ranges=False), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_range_that_begins_elsewhere_is_not_taken_for_the_wanted_one(tmp_path: Path) -> None:
    elsewhere = Answer(206, {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"})
    take(Site({"/a": CONTENT}, first=[Answer(cut=1000), elsewhere]), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_what_an_earlier_process_left_is_used(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT[:4000])
    site = Site({"/a": CONTENT})
    take(site, tmp_path / "a")
    assert site.requests == [("/a", "bytes=4000-")]
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [CONTENT[:100] + b"?" * 100, b"?" * len(CONTENT), b"?" * 99999])
def test_what_an_earlier_process_left_may_be_rubbish(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a").write_bytes(left)
    take(Site({"/a": CONTENT}), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [503, 500])
def test_it_is_not_tried_for_ever(tmp_path: Path, status: int) -> None:
    site = Site({"/a": CONTENT}, then=Answer(status))
    with pytest.raises(BuildrootError, match=rf"http://.*/a cannot be read: {status} "):
        take(site, tmp_path / "a")
    assert len(site.requests) == MANY


@pytest.mark.parametrize(("status", "error"), [(404, FileMissingError), (403, BuildrootError)])
def test_a_refusal_is_final(tmp_path: Path, status: int, error: type[Exception]) -> None:
    site = Site({"/a": CONTENT}, then=Answer(status))
    with pytest.raises(error, match=r"there is no http://.*/a|http://.*/a cannot be read: 403 "):
        take(site, tmp_path / "a")
    assert len(site.requests) == 1


def test_the_next_mirror_is_tried_before_the_first_one_again(tmp_path: Path) -> None:
    broken = Site({}, then=Answer(503))
    with serving_site(broken) as url:
        (report,) = take(Site({"/a": CONTENT}), tmp_path / "a", mirrors=(f"{url}/a",))
    assert report.endswith("/a cannot be read: 503 Service Unavailable; trying the next mirror")
    assert len(broken.requests) == 1


def test_passing_trouble_is_reported_rather_than_what_another_mirror_does_not_have(tmp_path: Path) -> None:
    missing = Site({})
    with (
        serving_site(missing) as url,
        pytest.raises(BuildrootError, match="cannot be read: 503"),
    ):
        take(Site({}, then=Answer(503)), tmp_path / "a", mirrors=(f"{url}/a",))
    assert len(missing.requests) == 1


def test_as_long_as_the_server_asks_to_wait_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("koji_adjutant.buildroot.repository.attempts.time.sleep", pauses.append)
    answers = [Answer(503, {"Retry-After": "7"}), Answer(503, {"Retry-After": "99999"})]
    answers.append(Answer(503, {"Retry-After": "Sun, 29 Nov 2026 21:00:00 GMT"}))
    take(Site({"/a": CONTENT}, first=answers), tmp_path / "a")
    assert pauses == [7, attempts.LONGEST_PAUSE, 0]


@pytest.mark.parametrize("label", ["gzip", "x-gzip", "deflate", "br"])
def test_a_label_of_the_server_does_not_change_the_bytes(tmp_path: Path, label: str) -> None:
    packed = gzip.compress(CONTENT)
    expected = Expected(Checksum("sha256", hashlib.sha256(packed).hexdigest()), len(packed))
    site = Site({"/a": packed}, then=Answer(headers={"Content-Encoding": label}, body=packed))
    take(site, tmp_path / "a", expected=expected)
    assert (tmp_path / "a").read_bytes() == packed


def test_no_more_is_written_than_the_metadata_says(tmp_path: Path) -> None:
    site = Site({"/a": CONTENT + b"more"})
    with pytest.raises(BuildrootError, match=rf"/a has more than the {len(CONTENT)} bytes that it may have"):
        take(site, tmp_path / "a")
    assert (tmp_path / "a").stat().st_size <= len(CONTENT)
    assert len(site.requests) == 1


def test_a_server_that_is_too_slow_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SPEED_TIME", -1.0)  # each piece is looked at
    monkeypatch.setattr(download, "SPEED_LIMIT", 1 << 60)
    site = Site({"/a": CONTENT})
    with pytest.raises(BuildrootError, match="/a came with less than"):
        take(site, tmp_path / "a")


def test_a_body_in_chunks(tmp_path: Path) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT)
    headers = {"Transfer-Encoding": "chunked", "Content-Length": ""}
    site = Site({"/a": CONTENT}, then=Answer(headers=headers, body=chunked))
    take(site, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_redirects_end(tmp_path: Path) -> None:
    site = Site({"/a": CONTENT}, then=Answer(302, {"Location": "/a"}))
    with pytest.raises(BuildrootError, match="/a leads from one address to the next, 6 times"):
        take(site, tmp_path / "a")


def test_a_redirect_to_something_else_than_the_web(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CONTENT)
    site = Site({}, then=Answer(302, {"Location": secret.as_uri()}))
    with pytest.raises(BuildrootError, match="is no address of a web server"):
        take(site, tmp_path / "a")


def test_a_local_file_that_is_another_is_not_read_again(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"another")
    reports: list[str] = []
    with pytest.raises(BuildrootError, match="is not what the repository's metadata says"):
        fetch([str(tmp_path / "there")], tmp_path / "a", EXPECTED, report=reports.append)
    assert reports == []
