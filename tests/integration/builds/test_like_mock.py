"""What a build finds where mock has values of its own: the packager guide's table, read inside of a build."""

from __future__ import annotations

import os
import re
from pathlib import Path

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.toolbox import DEVICES, INSTALL_CAPABILITIES
from koji_adjutant.buildroot.workspace import Workspace
from koji_adjutant.builds.rpms import build_rpms
from koji_adjutant.config.limits import this_machine
from tests.integration.buildroot.fixtures import MakeSrpm, NewWorkspace, spec

GUIDE = Path(__file__).parents[3] / "docs" / "packager-guide.md"

# What rpm itself sets for a build's script is read of rpmbuild, its parent.
PROBES = {
    "user and groups": "id",
    "home": "echo $HOME",
    "`TERM`": "echo $TERM",
    "locale": r"tr '\0' '\n' < /proc/$PPID/environ | sed -n s/^LANG=//p",
    "`HOSTNAME`": r"tr '\0' '\n' < /proc/$PPID/environ | sed -n s/^HOSTNAME=//p",
    "umask": "status Umask $PPID",
    "time zone": "date +%%Z",
    "standard input": "readlink /proc/$PPID/fd/0",
    "terminal": "if [ $(stat_field 7) = 0 ]; then echo none; fi",
    # that of something in the container, and not of its first process
    "session": "if [ $(stat_field 6) -gt 1 ]; then echo its own; fi",
    # 32 and 33 are the C library's own, and no program can say what becomes of them
    "ignored signals": "if [ $((0x$(status SigIgn) & ~0x180000000)) = 0 ]; then echo none; fi",
    "blocked signals": "none SigBlk",
    "open files": "ulimit -Sn",
    # beside that of whoever runs the tests
    "niceness": f"echo $(($(nice) - {os.nice(0)}))",
    "capabilities": "if [ $(none CapEff)$(none CapPrm)$(none CapBnd) = nonenonenone ]; then echo none; fi",
    "setuid programs": "if [ $(status NoNewPrivs) = 1 ]; then echo without effect; fi",
    "network": "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
    "`/dev/shm`": r"""
size=$(df -k --output=size /dev/shm | tail -1)
if [ $((size * 1000 / HALF)) -ge 999 ] && [ $((size * 999 / HALF)) -le 999 ]; then
    printf 'half of the memory, '
fi
printf '#!/bin/sh\necho programs run\n' > /dev/shm/program
chmod +x /dev/shm/program
/dev/shm/program
""",
    # podman 5.8 has a link to /proc/kcore, which the engine hides
    "`/dev`": "ls /dev | grep -vx core | xargs",
    "`/sys`": "read_only /sys",
    "`/proc/sys`": "read_only /proc/sys",
    "personality": "setarch -R true && echo setarch -R works",
    "session keyring": "if [ ! -s /proc/keys ]; then echo there are no keys; fi",
    "user namespaces": "unshare -U true 2>&1 | grep -o 'not permitted'",
    "killed first when memory is short": "cat /proc/self/oom_score_adj",
}
FUNCTIONS = """\
status() { sed -n "s/^$1:[[:space:]]*//p" /proc/${2:-self}/status; }
none() { if [ -z "$(status $1 | tr -d 0)" ]; then echo none; fi; }
stat_field() { cut -d' ' -f$1 /proc/$PPID/stat; }
read_only() { if grep -qE " $1 ro[, ]" /proc/self/mountinfo; then echo read-only; fi; }
"""


def the_table() -> dict[str, str]:
    """What the guide says of ours: the first words in backticks, by the row's name."""
    section = GUIDE.read_text().split("## What is different from mock\n", 1)[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    found = {}
    for row in rows[2:]:
        words = re.search("`([^`]+)`", row[2])
        assert words, row
        found[row[0]] = words[1]
    return found


def memory_of_builds(workspace: Workspace) -> int:
    """Bytes: their limit, if this host's control groups can keep one."""
    limit = workspace.limits.memory_bytes
    assert limit
    return limit if "memory" in workspace.manager.check().controllers else this_machine().memory


def test_every_value_of_the_table(
    new_workspace: NewWorkspace, config: BuildrootConfig, make_srpm: MakeSrpm
) -> None:
    probes = "".join(
        f"echo 'value {number}:'\n(\n{probe}\n) || :\n" for number, probe in enumerate(PROBES.values())
    )
    workspace = new_workspace("build")
    probes = probes.replace("HALF", str(memory_of_builds(workspace) // 2 // 1024))
    srpm = make_srpm(spec("like-mock", "BuildArch: noarch", build=FUNCTIONS + "set +x\n" + probes))
    with open_buildroot(workspace, config) as root:
        build_rpms(root, srpm, arch="x86_64")
    said = (workspace.resultdir / "build.log").read_text(errors="replace")
    found = dict(re.findall(r"^value (\d+):\n(.*)$", said, re.MULTILINE))
    read = {name: found.get(str(number), "") for number, name in enumerate(PROBES)}
    assert read == the_table()


def test_what_scriptlets_have() -> None:
    said = GUIDE.read_text().split("**Scriptlets**", 1)[1].split("\n\n")[0]
    assert set(re.findall("`(CAP_[A-Z_]+)`", said)) == INSTALL_CAPABILITIES
    assert set(DEVICES) <= set(re.findall("`([a-z]+)`", said))
