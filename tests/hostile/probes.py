"""Scripts that ask for one thing each, all of them run at once, and what each of them answered."""

from __future__ import annotations

import contextlib
import platform
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

HOSTS_SOCKET = "adjutant-test-of-the-host"
"""An abstract socket's name: those belong to a network namespace."""

NOT_FOUND = 127
"""A shell's status for a program that is not there: then nothing was asked."""


class Probe(NamedTuple):
    """A script for bash, and what it says; None if it must fail. Words in braces are the ``hosts_words``."""

    script: str
    says: str | None = None


class Answer(NamedTuple):
    status: int
    said: str
    complaint: str


def mount(*arguments: str) -> str:
    """mount(2), for roots that have no mount(8): source, target, type, flags."""
    source, target, kind, flags = arguments
    number = {"x86_64": 165, "aarch64": 40}[platform.machine()]
    return f'perl -e \'exit(syscall({number}, "{source}", "{target}", "{kind}", {flags}, 0) != 0)\''


def unmount(target: str) -> str:
    """umount2(2)."""
    number = {"x86_64": 166, "aarch64": 39}[platform.machine()]
    return f"perl -e 'exit(syscall({number}, \"{target}\", 0) != 0)'"


def immutable(file: str) -> str:
    """What chattr +i asks for."""
    return f'perl -e \'open(F, ">", "{file}") and exit(!ioctl(F, 0x40086602, pack("L", 16))); exit 1\''


@contextlib.contextmanager
def hosts_words() -> Iterator[Mapping[str, str]]:
    """What scripts may name of the host, which has it as long as the block runs: a server and a socket."""
    with socket.create_server(("", 0)) as server, socket.socket(socket.AF_UNIX) as own:
        own.bind(f"\0{HOSTS_SOCKET}")
        assert f"@{HOSTS_SOCKET}" in Path("/proc/net/unix").read_text()
        address = socket.gethostbyname(socket.gethostname())
        yield {"{port}": str(server.getsockname()[1]), "{address}": address, "{socket}": HOSTS_SOCKET}


def asking(probes: Mapping[str, Probe], words: Mapping[str, str], directory: str) -> str:
    """Write a script that runs all probes and keeps in ``directory`` what they answered."""
    lines = [f"mkdir -p {directory}"]
    for number, probe in enumerate(probes.values()):
        script = probe.script
        for word, value in words.items():
            script = script.replace(word, value)
        place = f"{directory}/{number}"
        lines.append(f"(\n{script}\n) > {place} 2> {place}.err </dev/null; echo $? > {place}.status")
    return "\n".join(lines)


def printing(probes: Mapping[str, Probe], directory: str) -> str:
    """Write a script that prints what ``asking`` has kept."""
    look = 'printf "%s\\0" "$(cat $n.status)" "$(head -c 4000 $n)" "$(head -c 400 $n.err)"'
    return f"cd {directory}; for n in {{0..{len(probes) - 1}}}; do {look}; done"


def answers(probes: Mapping[str, Probe], printed: bytes) -> Mapping[str, Answer]:
    """Return by name what the script of ``printing`` has printed."""
    fields = printed.decode(errors="replace").split("\0")[:-1]
    triples = zip(fields[::3], fields[1::3], fields[2::3], strict=True)
    return dict(zip(probes, [Answer(int(status), *rest) for status, *rest in triples], strict=True))


def check(probe: Probe, answer: Answer) -> None:
    """Fail unless a probe was refused, or answered as it should."""
    if probe.says is None:
        assert answer.status not in (0, NOT_FOUND), answer
    else:
        assert (answer.status, answer.said.strip()) == (0, probe.says), answer
