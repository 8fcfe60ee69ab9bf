"""What containers of ours may not ask of the kernel, or may, differently from podman's own seccomp profile.

Every system call that is named here is ruled by what stands here alone, and all others by podman's profile.
``seccomp.py`` puts the two together. The numbers are Linux's, of its headers in ``include/uapi``.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koji_adjutant.container.interface import Allowance

ALL_BITS = 0xFFFF_FFFF


@dataclass(frozen=True)
class Argument:
    """A condition on an argument, the first of which has ``index`` 0: what of it is in ``mask`` is ``value``.

    Without a mask ``comparison`` is seccomp's, EQ or NE, of all 64 bits.
    """

    index: int
    value: int
    mask: int | None = None
    comparison: str = "EQ"


@dataclass(frozen=True)
class CallRule:
    """What becomes of some calls, if all conditions on their arguments hold.

    ``error`` is what the caller gets, None lets the call through. ``arches`` are the (Go's names of) machines
    that it is for, ``not_arches`` those that it is not for.
    """

    calls: Sequence[str]
    error: int | None = None
    arguments: Sequence[Argument] = ()
    arches: Sequence[str] = ()
    not_arches: Sequence[str] = ()


@dataclass(frozen=True)
class Difference:
    """One difference from podman's profile, and its reason; ``allowance`` takes it away."""

    why: str
    rules: Sequence[CallRule]
    allowance: Allowance | None = None


# Namespaces. Builds have no capability; whoever makes a user namespace has all of them in it, and reaches
# code of the kernel that is otherwise for root alone (mounts, netfilter, qdiscs), where most of its holes
# are. Builds in a chroot, as mock's are without nspawn, cannot make any either: Linux refuses that.

NAMESPACES = (
    0x0002_0000,  # CLONE_NEWNS: mounts
    0x0200_0000,  # CLONE_NEWCGROUP
    0x0400_0000,  # CLONE_NEWUTS
    0x0800_0000,  # CLONE_NEWIPC
    0x1000_0000,  # CLONE_NEWUSER
    0x2000_0000,  # CLONE_NEWPID
    0x4000_0000,  # CLONE_NEWNET
)
CLONE_NEWTIME = 0x80
"""Of unshare(2) alone: in clone(2) these bits are a signal's number."""

S390 = ("s390", "s390x")
"""Where clone(2) has its first two arguments in the other order."""


def _no_namespaces(
    call: str, index: int, flags: Sequence[int], *, arches: Sequence[str] = (), not_arches: Sequence[str] = ()
) -> Iterator[CallRule]:
    """Let a call through that makes no namespace; one that would is not permitted, as by the kernel."""
    yield CallRule([call], None, [Argument(index, 0, mask=sum(flags))], arches, not_arches)
    for flag in flags:
        yield CallRule([call], errno.EPERM, [Argument(index, flag, mask=flag)], arches, not_arches)


MOUNTING = ("mount", "mount_setattr", "move_mount", "open_tree", "pivot_root", "setns", "umount", "umount2")
MOUNTING_STEPWISE = ("fsconfig", "fsmount", "fsopen", "fspick")

# Sockets. A network namespace holds most kinds of them, but not all: AF_VSOCK reaches the hypervisor and
# other virtual machines from any of them, AF_IUCV other guests of an IBM Z, AF_QIPCRTR the host's modem.

FAMILIES = (
    socket.AF_UNIX,
    socket.AF_INET,
    socket.AF_INET6,
    socket.AF_NETLINK,
    socket.AF_PACKET,  # the kernel says what it takes, as it does under mock
    38,  # AF_ALG, the kernel's ciphers: tests of libraries for them, and nobody else is at the other end
)
"""Families of sockets that stay in a network namespace, or that packages' tests need."""

NETLINK_AUDIT = 9


def _families() -> Iterator[CallRule]:
    """Let sockets of FAMILIES be made, compared in all 64 bits; others get the profile's usual error.

    Nothing but this: for 32-bit x86 libseccomp turns what is said of socket into rules for socketcall,
    without the family, and refuses those that contradict each other.
    """
    for family in FAMILIES:
        yield CallRule(["socket"], None, [Argument(0, family), Argument(2, NETLINK_AUDIT, comparison="NE")])
    # as in podman's: programs take EINVAL for a kernel that does not audit, and go on
    audit = [Argument(0, socket.AF_NETLINK), Argument(2, NETLINK_AUDIT)]
    yield CallRule(["socket"], errno.EINVAL, audit)


# Personalities: what setarch(8) sets, and programs for themselves, beside those of podman's profile (0, 8 and
# 0x20000 together, and the question 0xffffffff).

HARMLESS_PERSONALITY = (
    0x0000_0008  # PER_LINUX32: uname says i686, for 32-bit builds
    | 0x0002_0000  # UNAME26: uname says 2.6
    | 0x0004_0000  # ADDR_NO_RANDOMIZE: setarch -R; emacs, sbcl and gdb's tests want it
    | 0x0020_0000  # ADDR_COMPAT_LAYOUT: setarch -L
    | 0x0040_0000  # READ_IMPLIES_EXEC: setarch -X; old compilers' and interpreters' images
    | 0x0800_0000  # ADDR_LIMIT_3GB: setarch -3, for 32-bit builds
)
"""They say what the caller's own memory looks like. MMAP_PAGE_ZERO is left out: it has helped exploits."""

DIFFERENCES: Sequence[Difference] = (
    Difference(
        "no namespaces, and with them no mounts, which a build could not make without",
        [
            *_no_namespaces("clone", 0, NAMESPACES, not_arches=S390),
            *_no_namespaces("clone", 1, NAMESPACES, arches=S390),
            *_no_namespaces("unshare", 0, (*NAMESPACES, CLONE_NEWTIME)),
            # its flags are in memory, where a filter does not see them; libraries go back to clone
            CallRule(["clone3"], errno.ENOSYS),
            CallRule([*MOUNTING, *MOUNTING_STEPWISE], errno.EPERM),
        ],
        allowance="user-namespaces",
    ),
    Difference("only sockets that a network namespace holds", [*_families()]),
    Difference(
        "no sockets of a family that is in memory, where a filter does not see it: some 32-bit programs make "
        "them so, and on s390 all do",
        # after the rules for socket, which let it through on 32-bit x86: the last word counts
        [CallRule(["socketcall"], errno.EPERM, not_arches=S390), CallRule(["socketcall"], arches=S390)],
        allowance="socketcall",
    ),
    Difference(
        "no keys: they are not held by namespaces. The errors are those of a kernel without keys, for which "
        "pam_keyinit, say, is prepared",
        [CallRule(["add_key", "keyctl", "request_key"], errno.ENOSYS)],
    ),
    Difference(
        "no memory that not even the kernel can read: nothing that is to be looked into needs it",
        [CallRule(["memfd_secret"], errno.ENOSYS)],
    ),
    Difference(
        "no io_uring, whose requests pass by every filter, and which is always in the news for its holes; "
        "libraries go back to what was before",
        [CallRule(["io_uring_enter", "io_uring_register", "io_uring_setup"], errno.ENOSYS)],
    ),
    Difference(
        "no page faults that a program serves: what exploits stop the kernel with, in the middle of its work",
        [CallRule(["userfaultfd"], errno.EPERM)],
    ),
    Difference(
        "no programs and no meters in the kernel, whatever capability a container has",
        [CallRule(["bpf", "perf_event_open"], errno.EPERM)],
    ),
    Difference(
        "no kernel log: it is of the whole machine",
        [CallRule(["syslog"], errno.EPERM)],
    ),
    Difference(
        "personalities that packages' builds set",
        [
            CallRule(["personality"], None, [Argument(0, 0, mask=ALL_BITS & ~HARMLESS_PERSONALITY)]),
            CallRule(["personality"], None, [Argument(0, ALL_BITS)]),  # the question
        ],
    ),
    Difference(
        "whether two processes share something: the kernel tells only whoever may trace both",
        [CallRule(["kcmp"])],
    ),
)
