"""A spec as libpod's JSON and as a command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.container.interface import (
    ContainerSpec,
    DirectoryRoot,
    ImageRoot,
    NetworkMode,
    Owner,
    ResourceLimits,
    VolumeMount,
)
from koji_adjutant.container.podman_spec import EngineTraits, create_request, run_command
from koji_adjutant.container.seccomp import SeccompProfiles

OWNER = Owner("42", "builder1")
TRAITS = EngineTraits(
    rlimits={"nofile": (1024, 4096)}, network="ours", command_line=("podman", "--root", "/r")
)


def request(spec: ContainerSpec, *, keep_log: bool = True) -> dict[str, object]:
    return create_request(spec, "name", TRAITS, {"site": "here"}, keep_log=keep_log)


def test_the_default_is_the_strictest() -> None:
    made = request(ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build"))
    assert made["cap_drop"] == ["ALL"]
    assert made["cap_add"] == []
    assert made["no_new_privileges"] is True
    assert made["netns"] == {"nsmode": "none"}
    assert made["httpproxy"] is False
    assert "networks" not in made


def test_selinux_lets_containers_share_files() -> None:
    """Each would have categories of its own otherwise, and its files as well."""
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build")
    assert request(spec)["selinux_opts"] == ["level:s0"]
    assert "label=level:s0" in run_command(spec, TRAITS)


def test_a_directory_is_used_as_it_is() -> None:
    made = request(ContainerSpec(DirectoryRoot(Path("/store/x")), ["true"], OWNER, "build"))
    assert made["rootfs"] == "/store/x"
    assert not {"image", "rootfs_overlay"} & set(made)


def test_devices_are_where_the_host_has_them() -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", devices=[Path("/dev/kvm")])
    assert request(spec)["devices"] == [{"path": "/dev/kvm"}]
    line = run_command(spec, TRAITS)
    assert line[line.index("--device") + 1] == "/dev/kvm"


def test_our_labels_win_over_everybodys() -> None:
    spec = ContainerSpec(
        ImageRoot("img"), ["true"], OWNER, "build", labels={"io.koji.adjutant.task_id": "1", "extra": "x"}
    )
    assert request(spec)["labels"] == {
        "site": "here",
        "extra": "x",
        "io.koji.adjutant.task_id": "42",
        "io.koji.adjutant.worker_id": "builder1",
        "io.koji.adjutant.role": "build",
        "io.koji.adjutant.managed": "true",
    }


def test_limits_mounts_and_networks_are_passed_on() -> None:
    spec = ContainerSpec(
        ImageRoot("img"),
        ["true"],
        OWNER,
        "build",
        mounts=[VolumeMount(Path("/a"), PurePosixPath("/b"), read_only=True, selinux_label="Z")],
        network="bridge",
        capabilities=frozenset({"chown", "CAP_SETUID"}),
        limits=ResourceLimits(memory_bytes=10, cpus=1.5, pids=7),
    )
    made = request(spec)
    assert made["mounts"] == [
        {
            "type": "bind",
            "source": "/a",
            "destination": "/b",
            "options": ["rbind", "rprivate", "dev", "ro", "Z"],
        },
        {
            "type": "tmpfs",
            "source": "shm",
            "destination": "/dev/shm",
            "options": ["rw", "exec", "nosuid", "nodev", "mode=1777", "size=5"],
        },
    ]
    assert made["networks"] == {"ours": {}}
    assert made["cap_add"] == ["CAP_CHOWN", "CAP_SETUID"]
    assert made["resource_limits"] == {
        "memory": {"limit": 10},
        "cpu": {"quota": 150_000, "period": 100_000},
        "pids": {"limit": 7},
    }
    assert made["r_limits"] == [{"type": "nofile", "soft": 1024, "hard": 4096}]


@pytest.mark.parametrize(("network", "named"), [("none", "none"), ("host", "host"), ("bridge", "ours")])
def test_the_line_names_the_network(network: NetworkMode, named: str) -> None:
    line = run_command(ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", network=network), TRAITS)
    assert line[line.index("--network") + 1] == named


def test_a_command_that_looks_like_an_option_stays_a_command() -> None:
    line = run_command(ContainerSpec(ImageRoot("img"), ["--privileged"], OWNER, "build"), TRAITS)
    assert line[-3:] == ["--", "img", "--privileged"]
    line = run_command(ContainerSpec(DirectoryRoot(Path("/r")), ["ls", "--all"], OWNER, "build"), TRAITS)
    assert line[-4:] == ["--rootfs", "/r", "ls", "--all"]


def test_a_container_s_own_rlimits_win_over_the_engine_s() -> None:
    limits = ResourceLimits(rlimits={"nofile": (64, 128), "core": (0, -1)})
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", limits=limits)
    assert request(spec)["r_limits"] == [
        {"type": "core", "soft": 0, "hard": 2**64 - 1},
        {"type": "nofile", "soft": 64, "hard": 128},
    ]
    line = run_command(spec, TRAITS)
    assert [line[number + 1] for number, word in enumerate(line) if word == "--ulimit"] == [
        "core=0:-1",
        "nofile=64:128",
    ]


def test_shares_of_the_cpu() -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", limits=ResourceLimits().in_background())
    assert request(spec)["resource_limits"] == {"cpu": {"shares": 2}}
    line = run_command(spec, TRAITS)
    assert line[line.index("--cpu-shares") + 1] == "2"
    both = replace(spec, limits=ResourceLimits(cpus=1.5, cpu_shares=2))
    assert request(both)["resource_limits"] == {"cpu": {"quota": 150000, "period": 100000, "shares": 2}}


LIFTING = replace(TRAITS, rlimits={"nofile": (1024, 4096), "nproc": (99, 99)}, may_lift_nproc=True)
"""An engine that may allow more than 99 processes."""


def test_builds_that_have_pids_of_their_own_do_not_share_a_number_of_processes() -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", limits=ResourceLimits(pids=7))
    made = create_request(spec, "name", LIFTING, {}, keep_log=True)
    assert {"type": "nproc", "soft": 2**64 - 1, "hard": 2**64 - 1} in made["r_limits"]
    assert "nproc=-1:-1" in run_command(spec, LIFTING)


@pytest.mark.parametrize(
    ("limits", "traits"),
    [
        (ResourceLimits(), LIFTING),  # it is the only limit
        (ResourceLimits(pids=7), replace(LIFTING, may_lift_nproc=False)),
        (ResourceLimits(pids=7, rlimits={"nproc": (99, 99)}), LIFTING),  # the operator says so
    ],
)
def test_a_number_of_processes_that_stays(limits: ResourceLimits, traits: EngineTraits) -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build", limits=limits)
    made = create_request(spec, "name", traits, {}, keep_log=True)
    assert {"type": "nproc", "soft": 99, "hard": 99} in made["r_limits"]
    assert "nproc=99:99" in run_command(spec, traits)


def test_the_kernel_kills_in_containers_first() -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build")
    assert request(spec)["oom_score_adj"] == 500
    line = run_command(spec, TRAITS)
    assert line[line.index("--oom-score-adj") + 1] == "500"


def test_our_seccomp_profile_by_its_path(tmp_path: Path) -> None:
    podmans = tmp_path / "podmans.json"
    podmans.write_text('{"defaultErrnoRet": 38, "syscalls": []}')
    profiles = SeccompProfiles(tmp_path / "ours", [podmans])
    traits = replace(TRAITS, profiles=profiles)
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build")
    for one in (spec, replace(spec, allowances=frozenset({"socketcall"}))):
        path = str(profiles.path(one.allowances))
        assert create_request(one, "name", traits, {}, keep_log=True)["seccomp_profile_path"] == path
        assert f"seccomp={path}" in run_command(one, traits)
    assert "seccomp_profile_path" not in request(spec)


def test_shared_memory_is_half_of_what_there_is() -> None:
    spec = ContainerSpec(ImageRoot("img"), ["true"], OWNER, "build")
    line = run_command(spec, TRAITS)
    assert line[line.index("--tmpfs") + 1] == "/dev/shm:rw,exec,nosuid,nodev,mode=1777,size=50%"
    line = run_command(replace(spec, limits=ResourceLimits(memory_bytes=1 << 30)), TRAITS)
    assert line[line.index("--tmpfs") + 1].endswith(f",size={1 << 29}")
