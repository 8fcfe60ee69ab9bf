"""What builds may ask of the kernel, tried from inside; the calls are harmless where they get through."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from koji_adjutant.buildroot.root import Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from tests.integration.buildroot.fixtures import NewWorkspace

PROGRAM = Path(__file__).parent / "system_calls.c"

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the program makes 32-bit x86 calls")

NAMESPACES = {"clone-user": "EPERM", "unshare-user": "EPERM", "unshare-mounts": "EPERM", "clone-net": "EPERM"}
EXPECTED = {
    "personality-question": "ok",
    "personality-no-randomize": "ok",
    "personality-no-randomize-32": "ok",
    "personality-zero-page": "ENOSYS",
    "personality-none": "ok",
    "kcmp": "ok",
    "clone": "ok",
    "clone3": "ENOSYS",
    "unshare-fs": "ok",
    **NAMESPACES,
    "setns": "EPERM",
    "mount": "EPERM",
    "umount2": "EPERM",
    "fsopen": "EPERM",
    "keyctl": "ENOSYS",
    "add_key": "ENOSYS",
    "request_key": "ENOSYS",
    "memfd_create": "ok",
    "memfd_secret": "ENOSYS",
    "io_uring_setup": "ENOSYS",
    "userfaultfd": "EPERM",
    "bpf": "EPERM",
    "perf_event_open": "EPERM",
    "syslog": "EPERM",
    "socket-unix": "ok",
    "socket-inet": "ok",
    "socket-inet6": "ok",
    "socket-netlink": "ok",
    "socket-audit": "EINVAL",
    "socket-vsock": "ENOSYS",
    "socket-vsock-disguised": "ENOSYS",
    "socketcall-unix": "EPERM",
    "socketcall-vsock": "EPERM",
}
ALLOWED = {
    "clone-user": "ok",
    "unshare-user": "ok",
    # the kernel's own answers
    "clone3": "EINVAL",
    "setns": "EBADF",
    "mount": "EFAULT",
    "umount2": "EFAULT",
}
"""What is different in a tag with user namespaces."""


def calls(root: Buildroot) -> Mapping[str, str]:
    """How each call of the program ends in a root."""
    script = 'printf %s "$1" > calls.c && gcc -w -o calls calls.c && ./calls'
    status, said = root.capture(["bash", "-c", script, "calls", PROGRAM.read_text()])
    assert status == 0, said
    return dict(line.split() for line in said.decode().splitlines())


def test_what_a_build_may_ask_of_the_kernel(new_workspace: NewWorkspace, config: BuildrootConfig) -> None:
    with open_buildroot(new_workspace("strict"), config) as root:
        assert calls(root) == EXPECTED
        status, said = root.capture(["setarch", config.target_arch, "-R", "true"])
        assert status == 0, said
    user_namespaces = replace(config, user_namespaces=True)
    with open_buildroot(new_workspace("lenient"), user_namespaces) as root:
        ended = calls(root)
        assert {name: ended[name] for name in ALLOWED} == ALLOWED
        still = EXPECTED.keys() - ALLOWED.keys()
        assert {name: ended[name] for name in still} == {name: EXPECTED[name] for name in still}


def test_user_namespaces_are_of_use(new_workspace: NewWorkspace, config: BuildrootConfig) -> None:
    # with --mount it mounts, too: to part with others' mounts
    command = ["unshare", "--user", "--map-root-user", "--mount", "id", "-u"]
    with open_buildroot(new_workspace("lenient"), replace(config, user_namespaces=True)) as root:
        assert root.capture(command) == (0, b"0\n")
