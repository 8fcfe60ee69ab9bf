"""What of the host builds may use, as it is written in kojid.conf."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.config.build_mounts_check import check_build_mounts
from koji_adjutant.config.host_access import BuildDevice, BuildMount, Circle, build_devices, build_mounts
from koji_adjutant.config.loading import load
from koji_adjutant.config.values import macros, variables
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import ConfigError


def test_mounts() -> None:
    text = "\n/run/pesign:/run/pesign\n  /srv/keys:/etc/keys:ro tag=f43-build,f44-* channel=secure-boot\n"
    assert build_mounts(text) == (
        BuildMount(VolumeMount(Path("/run/pesign"), PurePosixPath("/run/pesign"))),
        BuildMount(
            VolumeMount(Path("/srv/keys"), PurePosixPath("/etc/keys"), read_only=True),
            Circle(("f43-build", "f44-*"), ("secure-boot",)),
        ),
    )


def test_devices() -> None:
    assert build_devices("/dev/kvm\n/dev/fuse tag=*-images") == (
        BuildDevice(Path("/dev/kvm")),
        BuildDevice(Path("/dev/fuse"), Circle(("*-images",))),
    )


@pytest.mark.parametrize(
    ("circle", "is_in"),
    [
        (Circle(), True),
        (Circle(tags=("f43-build",)), True),
        (Circle(tags=("f42-build", "f43-*")), True),
        (Circle(tags=("f43",)), False),
        (Circle(channels=("secure-*",)), True),
        (Circle(("f43-build",), ("default",)), False),
        (Circle(("f44-build",), ("secure-boot",)), False),
    ],
)
def test_who_is_in_a_circle(circle: Circle, is_in: bool) -> None:
    assert circle.has("f43-build", lambda: "secure-boot") is is_in


def test_the_channel_is_asked_for_only_where_it_counts() -> None:
    def asked() -> str:
        raise AssertionError

    assert Circle(("f43-build",)).has("f43-build", asked)
    assert not Circle(("f44-build",), ("secure-boot",)).has("f43-build", asked)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/a", "must be src:dst:mode:label, and '/a' is not"),
        ("/a:b", "must have absolute paths, and '/a:b' has not"),
        ("/a:/b:rx", "must have the mode ro or rw, and '/a:/b:rx' has 'rx'"),
        ("/a:/", "must not cover / of a buildroot, as '/a:/' would"),
        ("/a:/builddir", "must not cover /builddir of a buildroot, as '/a:/builddir' would"),
        ("/a:/b/../usr", r"must not cover /b/\.\./usr of a buildroot, as '/a:/b/\.\./usr' would"),
        ("/dev/kvm:/dev/kvm", "must not be in /proc, /sys or /dev, and '/dev/kvm:/dev/kvm' is"),
        (
            "/a:/b tags=x",
            "must have tag=NAME,… and channel=NAME,…, each once, .* and 'tags=x' is no such thing",
        ),
        ("/a:/b /c:/d", "behind what it is for, and '/c:/d' is no such thing"),
        ("/a:/b tag=", "and 'tag=' is no such thing"),
        ("/a:/b tag=,", "and 'tag=,' is no such thing"),
        ("/a:/b tag=x tag=y", "and 'tag=y' is no such thing"),
        ("/a://usr", "must not cover /usr of a buildroot"),
        ("/a:/etc/hosts", "must not cover /etc/hosts of a buildroot"),
    ],
)
def test_mounts_that_make_no_sense(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build_mounts(text)


@pytest.mark.parametrize("text", ["/dev", "/etc/passwd", "kvm", "/dev/../etc/passwd"])
def test_what_is_no_device(text: str) -> None:
    with pytest.raises(ValueError, match="must be devices like /dev/kvm"):
        build_devices(text)


def configured(directory: Path, mount: str, more: str = "") -> Path:
    file = directory / "kojid.conf"
    file.write_text(
        f"[kojid]\nserver = http://hub\ntopurl = http://hub\ntopdir = {directory}/topdir\n"
        f"workdir = {directory}/work\n{more}\n"
        f"[adjutant]\nstate_dir = {directory}/state\nlog_dir = {directory}/log\nbuild_mounts = {mount}\n"
    )
    return file


@pytest.mark.parametrize("source", ["state", "state/roots", "log", "work/tasks", "", "topdir/packages"])
def test_what_is_the_worker_s_is_not_for_builds(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match=r"^build_mounts would (show|let) "):
        load(configured(tmp_path, f"{tmp_path}/{source}:/mnt"), {})


def test_nor_is_it_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "link").symlink_to("state")
    with pytest.raises(
        ConfigError, match=rf"would show {tmp_path}/link to builds: {tmp_path}/state is the wor"
    ):
        load(configured(tmp_path, f"{tmp_path}/link:/mnt"), {})


@pytest.mark.parametrize("source", ["/", "/run", "/run/podman/podman.sock", "/etc/kojid", "/etc"])
def test_whoever_reaches_these_has_the_host(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match=r"^build_mounts would show .*"):
        load(configured(tmp_path, f"{source}:/mnt:ro"), {})


@pytest.mark.parametrize("name", [".ssh", ".netrc", ""])
def test_credentials_of_checkouts_are_not_for_builds(tmp_path: Path, name: str) -> None:
    file = configured(tmp_path, f"{tmp_path}/home/{name}:/mnt:ro")
    with file.open("a") as more:
        more.write(f"scm_home = {tmp_path}/home\n")
    with pytest.raises(ConfigError, match=rf"to builds: {tmp_path}/home/\.\w+ is the worker's"):
        load(file, {})


def test_what_builds_can_replace_is_not_mounted(tmp_path: Path) -> None:
    """They would put a link to anything in its place, for the next task."""
    with pytest.raises(ConfigError, match=r"would let builds replace .*/a/b, which is in .*/a: make that ro"):
        load(configured(tmp_path, f"{tmp_path}/a:/a\n    {tmp_path}/a/b:/b:ro"), {})
    assert load(configured(tmp_path, f"{tmp_path}/a:/a:ro\n    {tmp_path}/a/b:/b"), {})


def test_a_plugin_s_settings_are_checked_before_kojid_s_are_known(tmp_path: Path) -> None:
    options = load(configured(tmp_path, "/srv/x:/x"), {}).adjutant
    check_build_mounts(options, None)
    with pytest.raises(ConfigError, match="would show /run to builds"):
        check_build_mounts(replace(options, build_mounts=build_mounts("/run:/x")), None)


def test_the_hub_s_files_may_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"would let builds change .*: .* must be ro\."):
        load(configured(tmp_path, f"{tmp_path}/topdir:/mnt/koji"), {})
    assert load(configured(tmp_path, f"{tmp_path}/topdir:/mnt/koji:ro"), {}).adjutant.build_mounts


def test_macros_and_variables() -> None:
    assert macros("%_smp_ncpus_max 8\n\n  %with_x(a:)  %{-a*} two words") == {
        "%_smp_ncpus_max": "8",
        "%with_x(a:)": "%{-a*} two words",
    }
    assert variables("A=1\nLC_ALL=C.UTF-8 \nEMPTY=\nWORDS=a b = c") == {
        "A": "1",
        "LC_ALL": "C.UTF-8",
        "EMPTY": "",
        "WORDS": "a b = c",
    }


# rpm wants names of three letters
@pytest.mark.parametrize("text", ["_abc 1", "%name", "%na me", "%1abc x"])
def test_what_is_no_macro(text: str) -> None:
    with pytest.raises(ValueError, match="must have macros like %name value, one a line"):
        macros(text)


@pytest.mark.parametrize("name", ["%_topdir", "%_host", "%_host_cpu"])
def test_macros_that_are_each_buildroot_s(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot set {name}, which is made for each buildroot"):
        macros(f"{name} x")


@pytest.mark.parametrize("text", ["A", "=x", "a-b=c", "A B=c"])
def test_what_is_no_variable(text: str) -> None:
    with pytest.raises(ValueError, match="must have variables like NAME=value, one a line"):
        variables(text)


def test_home_is_each_buildroot_s() -> None:
    with pytest.raises(ValueError, match="cannot set HOME, which is made for each buildroot"):
        variables("HOME=/root")
