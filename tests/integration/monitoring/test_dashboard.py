"""The dashboard in a real browser: alive, readable without JavaScript, and deaf to what logs and names say.

With ADJUTANT_SCREENSHOTS=<directory> in the environment there are pictures to look at.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.containers import LiveContainer
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.records import Failure
from koji_adjutant.monitoring.web.application import application
from koji_adjutant.monitoring.web.serving import listen, make_server
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from tests.integration.monitoring.browser import Page, find_chromium, open_page

HOSTILE = (
    "</pre><script>hacked = 1</script><img src=x onerror='hacked = 1'>"
    "\x1b]8;;javascript:hacked=1\x07link\x1b]8;;\x07<svg onload=hacked=1>{{ 7 * 7 }}"
)
CONTAINER = "c" * 64
RUNNING, FAILED = 1, 2
PAGES = ("/", f"/tasks/{RUNNING}", f"/tasks/{FAILED}", f"/tasks/{FAILED}/logs/build.log", "/containers",
         f"/containers/{CONTAINER}", "/nothing")  # fmt: skip

ERROR = b"hello.c:4:22: \x1b[1;31merror:\x1b[0m no such thing\n"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine: tools/host-packages browser installs it")
    with open_page(program) as found:
        yield found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    path = database.path_in(tmp_path)
    database.prepare(path)
    journal = FileJournal(path)
    yield journal
    journal.close()


@pytest.fixture
def url(page: Page, journal: FileJournal, tmp_path: Path) -> Iterator[str]:
    """A worker with one running and one failed task, whose names and logs are an attacker's.

    Whatever a test looks at there: no script but ours ran or tried to, and no error came up.
    """
    page.complaints.clear()
    journal.record(events.WorkerStarted(worker_id=f"hub-{HOSTILE}", hub="http://hub/kojihub", version="1"))
    journal.record(events.WorkerSeen(capacity=4, task_load=1.5, look_again=3600))
    for number in (RUNNING, FAILED):
        logs = tmp_path / str(number)
        logs.mkdir()
        journal.record(
            events.TaskTaken(task_id=number, method="buildArch", arch="x86_64", tag=HOSTILE, source=HOSTILE)
        )
        journal.record(events.TaskLogsKept(task_id=number, path=str(logs)))
        journal.record(events.PhaseStarted(task_id=number, number=0, depth=0, name=f"rpmbuild {HOSTILE}"))
    (tmp_path / str(RUNNING) / "build.log").write_text("the first line\n")
    before = b"a line before it\n" * 20_000
    (tmp_path / str(FAILED) / "build.log").write_bytes(
        before + ERROR + HOSTILE.encode() + b"\nafter\n" * 2000
    )
    (tmp_path / str(FAILED) / "root.log").write_text("installing\n")
    failure = Failure(
        "build", HOSTILE, ("hello.c:4:22: error: no such thing", HOSTILE), "build.log", len(before)
    )
    journal.record(events.TaskEnded(task_id=FAILED, status="failed", failure=failure))
    command = ["/bin/sh", "-c", HOSTILE]
    journal.record(
        events.ContainerCreated(
            container_id=CONTAINER,
            task_id=str(RUNNING),
            name=HOSTILE,
            role="build",
            image=HOSTILE,
            image_digest=None,
            command=command,
            workdir=HOSTILE,
            user="0:0",
            network="none",
            mounts=[f"/{HOSTILE}:/x:ro"],
        )
    )
    live = [LiveContainer(CONTAINER, HOSTILE, str(RUNNING), "build", "running", None)]
    sources = Sources(journal.path, lambda: live, lambda: CacheSize(3, 10**9, 20 * 10**9), [tmp_path])
    listener = listen("127.0.0.1", 0)
    server = make_server(application(sources))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    page.call("Emulation.clearDeviceMetricsOverride")
    hacked = page.evaluate("typeof hacked")
    foreign = page.evaluate("document.querySelectorAll('main script, main img, main [onload]').length")
    page.leave()
    server.should_exit = True
    thread.join()
    listener.close()
    assert (hacked, foreign) == ("undefined", 0)
    assert [text for text in page.complaints if "status of 404" not in text] == []


def picture(page: Page, name: str) -> None:
    if directory := os.environ.get("ADJUTANT_SCREENSHOTS"):
        page.screenshot(Path(directory) / f"{name}.png")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits(page: Page, url: str, path: str, width: int) -> None:
    page.resize(width)
    page.open(url + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.text("h1")
    if path != "/nothing":
        assert "onerror" in page.text()  # it is shown as the text that it is
        assert "{{ 7 * 7 }}" in page.text()
    picture(page, f"{path.strip('/').replace('/', '-')[:20] or 'overview'}-{width}")


@pytest.mark.parametrize("path", PAGES[:-1])
def test_without_javascript_there_is_the_same_to_read(page: Page, url: str, path: str) -> None:
    page.open(url + path)
    if path == f"/tasks/{RUNNING}":
        page.until("document.querySelector('.follow').textContent.includes('live')")
    alive = what_it_says(page)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.open(url + path)
    assert what_it_says(page) == alive


def what_it_says(page: Page) -> str:
    """But for times and free space, which change, and whether a log is followed, which a script does."""
    page.evaluate("document.querySelectorAll('.follow').forEach(state => state.remove())")
    text = re.sub(r"just now|[0-9]+ (second|minute)s? ago", "", page.text())
    return re.sub(r"([0-9]+ min )?[0-9]+(\.[0-9])? s\b|[0-9.]+ .B free", "", text)


def test_the_overview_is_alive(page: Page, url: str, journal: FileJournal) -> None:
    page.open(f"{url}/")
    page.evaluate("document.body.dataset.same = 'page'")
    journal.record(events.TaskTaken(task_id=3, method="createrepo", arch="x86_64", source="new"))
    page.until("document.querySelector('#running').innerText.includes('createrepo')")
    assert page.evaluate("document.body.dataset.same") == "page"


def test_a_log_is_followed_to_its_end(page: Page, url: str, journal: FileJournal, tmp_path: Path) -> None:
    page.open(f"{url}/tasks/{RUNNING}")
    log = "document.querySelector('#log-lines')"
    page.evaluate(f"addEventListener('pagehide', () => {{ sessionStorage.followed = {log}.textContent }})")
    page.until("document.querySelector('.follow').textContent.includes('live')")
    with (tmp_path / str(RUNNING) / "build.log").open("ab", buffering=0) as file:
        file.write(b"\x1b[32mgreen\x1b[0m " + HOSTILE.encode() + b"\n")
        page.until(f"{log}.querySelector('.c2').textContent == 'green'")
        assert "onerror" in page.text("#log-lines")
        file.write(b"the very last words")
        journal.record(events.TaskEnded(task_id=RUNNING, status="canceled"))
    page.until("sessionStorage.followed && document.readyState == 'complete'")
    assert "the very last words" in page.evaluate("sessionStorage.followed")
    assert "cancelled" in page.text("#title")
    assert "the very last words" in page.text("#log-lines")


def test_the_way_to_the_error_is_a_click(page: Page, url: str) -> None:
    page.open(f"{url}/tasks/{FAILED}")
    page.evaluate("document.querySelector('.failure .button').click()")
    page.until("document.readyState == 'complete' && document.querySelector('.line:target') != null")
    target = "document.querySelector('.line:target')"
    assert page.evaluate(f"{target}.textContent.trim()") == "hello.c:4:22: error: no such thing"
    assert page.evaluate(f"{target}.querySelector('.bold.c1').textContent") == "error:"
    page.until(f"(r => r.top >= 0 && r.bottom <= innerHeight)({target}.getBoundingClientRect())")
    picture(page, "error")


def test_dark_and_light(page: Page, url: str) -> None:
    page.open(f"{url}/tasks/{FAILED}")
    grounds = set()
    for scheme in ("dark", "light"):
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        picture(page, scheme)
    assert len(grounds) == 2


def test_the_keyboard_gets_everywhere(page: Page, url: str) -> None:
    page.open(f"{url}/tasks/{FAILED}")
    reached = []
    for _ in range(25):
        page.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText?.trim().split('\\n')[0]"))
    assert reached[0] == "Skip to the content"
    assert {"Overview", "Containers", "Show this place in build.log", "Jump to the error", "Raw"} <= set(
        reached
    )


def test_readers_of_screens_find_names(page: Page, url: str) -> None:
    """Every control and every picture has a name, every table its headings."""
    for path in PAGES:
        page.open(url + path)
        tree = page.call("Accessibility.getFullAXTree")["nodes"]
        roles = ("link", "button", "textbox", "searchbox", "combobox", "image", "img", "region")
        nameless = [
            node["nodeId"]
            for node in tree
            if not node["ignored"]
            and node["role"]["value"] in roles
            and not node.get("name", {}).get("value")
        ]
        assert nameless == [], path
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.querySelector('th'))")
