"""The stock plugins runroot and save_failed_tree, as our worker does what they do."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import koji
import pytest

from koji_adjutant.container.interface import ContainerSpec, ImageRoot, Owner
from tests.hub.builder import ARCH
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module", autouse=True)
def _channel(farm: Farm) -> Iterator[None]:
    farm.admin.addHostToChannel(farm.hub.worker.name, "runroot", create=True)
    yield
    farm.admin.removeHostFromChannel(farm.hub.worker.name, "runroot")


def test_a_command_as_root(farm: Farm) -> None:
    (farm.directory / "mounted/read-only/there").write_text("")
    command = (
        "id -un; rpm -q --whatprovides popt-devel; ls /mnt/read-only; touch /mnt/read-only/no;"
        "date > /mnt/shared/written;"
        "echo extra > /tmp/extra.log; WHAT=x printf 'gr\\374n\\n'"
    )
    options = {"packages": ["popt-devel"], "mounts": ["/mnt/shared"], "upload_logs": ["/tmp/extra.log"]}
    task = int(farm.admin.runroot(farm.build_tag, ARCH, command, weight=0.7, **options))
    assert farm.closed(task) == "id completed successfully"
    log = farm.admin.downloadTaskOutput(task, "runroot.log").splitlines()
    assert b"root" in log
    assert b"there" in log
    assert b"gr\374n" in log
    assert any(b"popt-dev" in line for line in log)
    assert any(b"Read-only file system" in line for line in log)
    assert farm.log(task, "extra.log") == "extra\n"
    assert (farm.directory / "mounted/shared/written").exists()
    assert not (farm.directory / "mounted/read-only/no").exists()
    (root,) = farm.admin.listBuildroots(taskID=task)
    assert root["state"] == koji.BR_STATES["EXPIRED"]
    listed = farm.admin.listRPMs(componentBuildrootID=root["id"])
    assert {rpm["is_update"] for rpm in listed if "popt-dev" in rpm["name"]} == {True}


def test_arguments_are_taken_literally_and_failure_is_reported(farm: Farm) -> None:
    secret = farm.directory / "secret.log"
    secret.write_text("the host's")
    link = ["ln", "-s", str(secret), "/tmp/secret.log"]
    shown = farm.admin.runroot(farm.build_tag, "noarch", link, upload_logs=["/tmp/secret.log"])
    failing = farm.admin.runroot(farm.build_tag, ARCH, ["sh", "-c", 'echo "$0"; exit 3', "$HOME ; id"])
    assert "upload_logs: the buildroot has no file /tmp/secret.log" in str(farm.failure(shown))
    assert "secret.log" not in farm.admin.listTaskOutput(shown)
    error = farm.failure(failing)
    assert error.faultCode == koji.BuildrootError.faultCode
    assert str(error).splitlines()[0] == "sh exited with status 3"
    assert "$HOME ; id\n" in farm.log(failing, "runroot.log")


def test_the_database_of_packages_can_be_rebuilt(farm: Farm) -> None:
    task = int(farm.admin.runroot(farm.build_tag, ARCH, "rpm --rebuilddb && rpm -q --whatprovides bash"))
    assert farm.closed(task) == "rpm completed successfully"
    assert "\nbash-" in farm.log(task, "runroot.log")


def test_a_mount_that_is_not_allowed(farm: Farm) -> None:
    task = farm.admin.runroot(farm.build_tag, ARCH, ["true"], mounts=["/mnt/shared/../read-only"])
    assert "read-write mount point is not safe: /mnt/shared/../read-only" in str(farm.failure(task))


def test_the_tree_of_a_failed_build(farm: Farm, tmp_path: Path) -> None:
    name = unique("lost")
    task = farm.build(farm.publish(name, package(name, build="echo found > lost; exit 1")))
    farm.failure(task)
    build_arch = farm.children(task)[ARCH]["id"]
    (root,) = farm.admin.listBuildroots(taskID=build_arch)
    small = farm.admin.saveFailedTree(root["id"])
    full = farm.admin.saveFailedTree(root["id"], True)

    assert farm.closed(small) is None
    prefix = f"var/lib/mock/{root['tag_name']}-{root['id']}-{root['repo_id']}/root/builddir"
    data = farm.admin.downloadTaskOutput(small, f"broot-{root['id']}.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
    assert all(name.startswith(prefix) for name in names)
    (lost,) = [name for name in names if name.endswith("/lost")]

    assert farm.closed(full) is None
    image = tmp_path / "image.tar"
    image.write_bytes(farm.admin.downloadTaskOutput(full, f"broot-{root['id']}.oci.tar"))
    assert run_image(farm, image, root["id"], f"/{lost.partition('/root/')[2]}") == b"found\n"


def run_image(farm: Farm, image: Path, number: int, file: str) -> bytes:
    """What the saved file holds, seen from a container of the image."""
    podman = list(farm.engine._traits.command_line)  # type: ignore[attr-defined]
    subprocess.run([*podman, "load", "--input", image], check=True, capture_output=True)
    reference = f"localhost/koji-buildroot:{number}"
    output = io.BytesIO()
    try:
        spec = ContainerSpec(
            root=ImageRoot(reference), command=["cat", file], owner=Owner("image", "test"), role="test"
        )
        assert farm.engine.run(spec, output) == 0, output.getvalue()
    finally:
        subprocess.run([*podman, "rmi", "--force", reference], check=True, capture_output=True)
    return output.getvalue()
