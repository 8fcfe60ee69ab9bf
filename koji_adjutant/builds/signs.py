"""What decisive lines look like, by the tool that writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from koji_adjutant.errors import FailureClass

BUILD, SPEC, DEPENDENCY = FailureClass.BUILD, FailureClass.SPEC, FailureClass.DEPENDENCY

OUTSIDE, SUMMARY, CAUSE, HINT = 4, 3, 2, 1
"""Ranks of signs. OUTSIDE: the machine, not the package; SUMMARY: the best line to quote; CAUSE: an error in
its place; HINT: a line that any program may write when something is wrong."""


@dataclass(frozen=True)
class Sign:
    """A kind of decisive line: the class of failure it stands for, and which of several lines to prefer."""

    failure: FailureClass
    rank: int
    pattern: re.Pattern[str]


def _sign(failure: FailureClass, rank: int, *alternatives: str) -> Sign:
    return Sign(failure, rank, re.compile("|".join(alternatives)))


# No pattern may have two unbounded repetitions that can take the same text: lines are the packager's.
SIGNS = (
    _sign(
        FailureClass.DISK,
        OUTSIDE,
        "No space left on device",
        "Disk quota exceeded",
        # rpm, and dnf's summary of the same
        r"needs \d+\S{0,3} more (?:space|inodes) on the \S+ filesystem",
        r"more space needed on the \S+ filesystem",
    ),
    _sign(
        FailureClass.MEMORY,
        OUTSIDE,
        "Killed signal terminated program",
        r"\*\*\* \[.*\] Killed",
        r"std::bad_alloc",
        r"virtual memory exhausted",
        r"[Cc]annot allocate memory|[Oo]ut of memory",
        r"^MemoryError",
        r"signal: 9, SIGKILL",
    ),
    # rpmbuild itself: the spec's syntax, and its %files
    _sign(
        SPEC,
        SUMMARY,
        r"^error: line \d+: ",
        r"^error: \S+\.spec:\d+: ",
        r"^error: Installed \(but unpackaged\) file",
        r"^error: (?:File|Directory) not found",
        r"^error: (?:Unclosed|Duplicate|Unknown tag|Package has no|Macro expansion|Empty tag)",
        r"^error: No compatible architectures",
        r"^error: Arch dependent binaries in noarch package",
        r"^error: \S+ field must be present in package",
    ),
    # the package manager
    _sign(
        DEPENDENCY, SUMMARY, r"^No matching package to install: ", r"nothing provides ", r"conflicts with "
    ),
    _sign(DEPENDENCY, CAUSE, r"^Error: (?:Problem|scriptlet failed|unpacking of archive)"),
    _sign(
        FailureClass.INFRASTRUCTURE,
        SUMMARY,
        r"Failed to download metadata for repo",
        r"Curl error \(\d+\)",
        r"Cannot download ",
    ),
    # test suites: pytest, unittest and automake, TAP, CTest, Go, Rust, Meson
    _sign(
        BUILD,
        SUMMARY,
        r"^FAILED \S+::",
        r"^(?:FAIL|ERROR): \S",
        r"^not ok \d",
        r"^The following tests FAILED:",
        r"^--- FAIL: ",
        r"^test \S+ \.\.\. FAILED",
        r"^ *\d+/\d+ .* FAIL ",
    ),
    _sign(BUILD, CAUSE, r"^E {3,}\S", r"^#? +Failed test", r"\*\*\*(?:Failed|Exception|Timeout)"),
    # configuring
    _sign(
        BUILD,
        SUMMARY,
        r"^configure: error: ",
        r"^\S+:\d+:\d+: ERROR: ",
        r"Could not find a package configuration file provided by",
        r"Could NOT find \S+ \(missing",
    ),
    _sign(BUILD, CAUSE, r"^CMake Error", r"^No package '.*' found", r"^Package '.*', required by"),
    # compilers and linkers
    _sign(
        BUILD,
        SUMMARY,
        r"^\S[^:]{0,300}:\d+(?::\d+)?: (?:fatal |internal compiler )?[eE]rror: ",
        r"^error\[E\d+\]: ",
        r"^\S+\.go:\d+:\d+: ",
        r"undefined reference to |multiple definition of |cannot find -l",
        r"^(?:error: )?(?:linker|could not compile) ",
    ),
    _sign(BUILD, CAUSE, r"ld returned \d+ exit status", r"^FAILED: "),
    # make, patch, tar, the shell, and interpreters' last words
    _sign(
        BUILD,
        SUMMARY,
        r"^\S+:\d+: \*\*\* ",
        r"No rule to make target",
        r"^Hunk #\d+ FAILED|^can't find file to patch",
        r"does not look like a tar archive|not in (?:gzip|xz|bzip2) format",
        r"^\S[^:]{0,300}: (?:line )?\d+: .{1,300}: (?:command )?not found$",
        r": cannot (?:stat|access|open|create) ",
        r"^error: File \S+: No such file",
        r"^(?:[A-Za-z_]\w{0,60}\.){0,6}[A-Z]\w{0,60}(?:Error|Exception)(?:: |$)",
        r"^Can't locate \S+ in @INC",
        r"Segmentation fault|\bcore dumped\b",
    ),
    # checkouts
    _sign(FailureClass.SCM, SUMMARY, r"^fatal: ", r"^svn: E\d+", r"^cvs \[\w+ aborted\]"),
    # what any program may say in the end, whatever stands above it
    _sign(BUILD, CAUSE, r"^Error: \S"),
    _sign(BUILD, CAUSE, r"^g?make(?:\[\d+\])?: \*\*\* \[.*\] (?:Error|Segm|Abort)"),
    _sign(
        BUILD,
        HINT,
        r"(?i)\b(?:error|fatal|failed|failure|cannot)\b|no such file|not found|\*\*\*|permission denied",
    ),
)

# a shell's trace, rpmbuild's summary (which repeats what stands above it), and what is no failure
NOISE = re.compile(
    r"\s*$|\++ |error: Bad exit status|RPM build (?:errors|warnings):|.*\(ignored\)$|.*\bwarning: "
)


def read_sign(line: str) -> Sign | None:
    """Return the sign of the highest rank that the line shows, None if it shows none."""
    if NOISE.match(line):
        return None
    shown = (sign for sign in SIGNS if sign.pattern.search(line))
    return max(shown, key=lambda sign: sign.rank, default=None)
