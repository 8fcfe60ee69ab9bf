"""The everyday commands of the stock client; a worker's part, where there is one, is played by hand."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import koji
import pytest
from koji import xmlrpcplus

from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.client import Client
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker, RpmSet
from tests.hub.server import Hub, Login


@pytest.fixture
def client(hub: Hub, tmp_path: Path) -> Client:
    return Client(hub, hub.admin, tmp_path)


@pytest.fixture
def tag(admin: Any) -> str:
    return make_tag(admin)


@pytest.fixture
def target(admin: Any, tag: str) -> str:
    name = unique("target")
    admin.createBuildTarget(name, tag, tag)
    return name


def new_task(output: str) -> int:
    found = re.search(r"Created task: (\d+)", output)
    assert found, output
    return int(found[1])


def test_hello(client: Client, hub: Hub) -> None:
    output = client("hello")
    assert hub.admin.name in output
    assert hub.url in output


def test_wrong_password(hub: Hub, tmp_path: Path) -> None:
    done = Client(hub, Login("nobody", "wrong"), tmp_path).run("hello")
    assert done.returncode != 0
    assert "invalid username or password" in done.stdout + done.stderr


def test_setting_a_distribution_up(client: Client) -> None:
    """Tags, target, groups, external repo and package list, with nothing but the client."""
    build_tag, tag, target, ext, package = (
        unique(name) for name in ("build", "dist", "target", "ext", "pkg")
    )
    client("add-tag", tag)
    client("add-tag", "--parent", tag, "--arches", ARCH, build_tag)
    client("add-target", target, build_tag, tag)
    client("add-group", build_tag, "build")
    client("add-group-pkg", build_tag, "build", "bash", "rpm-build")
    client(
        "add-external-repo",
        "--tag",
        build_tag,
        "--priority",
        "5",
        "--mode",
        "bare",
        ext,
        "http://localhost/$arch",
    )
    client("add-pkg", "--owner", client.login.name, tag, package)
    assert build_tag in client("list-tags")
    assert f"Tag: {build_tag}" in client("taginfo", build_tag)
    assert re.search(rf"{target} +{build_tag} +{tag}", client("list-targets", "--name", target))
    assert re.search(r"bash.*\n.*rpm-build", client("list-groups", build_tag))
    assert ext in client("list-external-repos", "--tag", build_tag)
    assert package in client("list-pkgs", "--tag", tag)


def test_add_host_and_user(client: Client) -> None:
    host, user = unique("host"), unique("user")
    client("add-host", host, ARCH, "noarch")
    client("add-host-to-channel", host, "createrepo")
    client("disable-host", host)
    assert re.search(rf"{host} +N", client("list-hosts"))
    assert "createrepo" in client("hostinfo", host)
    client("add-user", user)


def test_build_from_scm(client: Client, admin: Any, target: str) -> None:
    task = new_task(client("build", "--nowait", "--scratch", target, "git+https://host/x#0123456"))
    admin.cancelTask(task)
    request = admin.getTaskRequest(task)
    assert request[:2] == ["git+https://host/x#0123456", target]
    assert request[2]["scratch"] is True


def test_build_from_an_srpm(client: Client, admin: Any, target: str, rpms: RpmMaker, hub: Hub) -> None:
    made = rpms.make()
    task = new_task(client("build", "--nowait", "--noprogress", "--background", target, made.srpm.path))
    admin.cancelTask(task)
    info = admin.getTaskInfo(task, request=True)
    source = info["request"][0]
    assert re.fullmatch(rf"cli-build/[^/]+/{made.srpm.path.name}", source)
    assert info["priority"] == koji.PRIO_DEFAULT + 5
    directory, name = source.rsplit("/", 1)
    assert admin.checkUpload(directory, name)["size"] == made.srpm.path.stat().st_size


def test_build_for_an_unknown_target(client: Client) -> None:
    done = client.run("build", "--nowait", "no-such-target", "git+https://host/x#0123456")
    assert done.returncode != 0
    assert "No such build target: no-such-target" in done.stderr


def test_watch_a_task_that_succeeds(client: Client, builder: Builder) -> None:
    task = builder.open_task("sleep", [5])
    builder.close(task)
    assert re.search(
        rf"{task} sleep.*\n.*{task} sleep.*: closed|{task} sleep.* closed", client("watch-task", str(task))
    )


def test_watch_a_task_that_fails(client: Client, builder: Builder) -> None:
    task = builder.open_task()
    builder.session.host.failTask(
        task, xmlrpcplus.dumps(xmlrpcplus.Fault(koji.BuildError.faultCode, "it broke"))
    )
    done = client.run("watch-task", str(task))
    assert done.returncode == 1
    assert "FAILED: BuildError: it broke" in done.stdout


def test_watch_logs(client: Client, builder: Builder) -> None:
    task = builder.open_task()
    builder.upload(task, "build.log", b"first line\nlast line\n")
    builder.close(task)
    output = client("watch-logs", str(task))
    assert "==> " in output
    assert "first line\nlast line" in output


def test_list_tasks(client: Client, builder: Builder, hub: Hub) -> None:
    task = builder.open_task()
    assert re.search(
        rf"^{task} .*{hub.admin.name}", client("list-tasks", "--host", hub.builder.name), re.MULTILINE
    )


def test_taskinfo(client: Client, builder: Builder, hub: Hub) -> None:
    task = builder.open_task("build", ["git://host/x#0123456", "some-target", {"scratch": True}])
    builder.upload(task, "build.log", b"log\n")
    output = client("taskinfo", "-v", "-r", str(task))
    for line in (
        f"Task: {task}",
        "Type: build",
        f"Owner: {hub.admin.name}",
        "State: open",
        f"Host: {hub.builder.name}",
        "build.log",
    ):
        assert line in output
    assert "git://host/x#0123456" in output


def test_cancel(client: Client, builder: Builder) -> None:
    task = builder.open_task()
    client("cancel", str(task))
    assert builder.admin.getTaskInfo(task)["state"] == koji.TASK_STATES["CANCELED"]


@pytest.fixture
def tagged(builder: Builder, tag: str, rpms: RpmMaker, hub: Hub) -> RpmSet:
    """A build that is tagged into ``tag``."""
    made = rpms.make()
    builder.admin.packageListAdd(tag, made.srpm.name, owner=hub.admin.name)
    build = builder.imported(made.srpm, made.rpm)
    builder.session.host.tagBuild(builder.open_task(), tag, build["id"])
    return made


def test_a_build(client: Client, tag: str, tagged: RpmSet) -> None:
    nvr = f"{tagged.srpm.name}-1-1"
    output = client("buildinfo", nvr)
    for line in (
        f"BUILD: {nvr} [",
        "State: COMPLETE",
        f"Tags: {tag}",
        tagged.rpm.path.name,
        tagged.srpm.path.name,
    ):
        assert line in output
    assert nvr in client("list-tagged", tag)
    assert nvr in client("latest-build", tag, tagged.srpm.name)


@pytest.mark.skipif(find_spec("rpm") is None, reason="koji download-build needs rpm's Python bindings")
def test_downloading_a_build(client: Client, tagged: RpmSet) -> None:
    client("download-build", "--noprogress", "--arch", ARCH, "--arch", "src", f"{tagged.srpm.name}-1-1")
    for rpm in (tagged.srpm, tagged.rpm):
        assert (client.directory / rpm.path.name).read_bytes() == rpm.path.read_bytes()


def test_regen_repo(client: Client, admin: Any, tag: str) -> None:
    output = client("regen-repo", "--nowait", "--make-task", tag)
    task = new_task(output) if "Created task" in output else int(re.findall(r"task.*?(\d+)", output)[0])
    admin.cancelTask(task)
    assert admin.getTaskInfo(task)["method"] == "newRepo"


def test_wait_repo(client: Client, builder: Builder, tag: str) -> None:
    repo = builder.ready_repo(tag)
    assert f"repo {repo}" in client("wait-repo", "--timeout", "1", "--request", tag).lower()
