"""Run createrepo_c, and mergerepo_c if there is something to merge.

Reads /work/request.json:

create  commands and the names of their logs
merge   null, or command; arch_expand: an option to be added where mergerepo_c knows it; sources: URLs of what
        is merged; premerge: where the first of them, the repository just made, goes before; and what the
        command means: mode, arch, blocklist

The output goes to the logs in /result, mergerepo_c's to mergerepos.log. Writes /work/answer.json:

failed  null, or what, command, log, status, url, reason: the status alone is the command's; the reason says
        more, and url is the repository that it is about; log is the file in /result with the command's words
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import merged
import repository
from passwords import hidden

WORK = Path("/work")
RESULT = Path("/result")
ARCH_EXPAND_SINCE = (0, 15, 11)
ZSTD_SINCE = (1, 0, 0)
ATTEMPTS = 3
"""At merging repositories that change meanwhile."""

COMPILED_IN = {"--zck": "zchunk", "--deltas": "delta RPMs"}
"""Options that createrepo_c has only where it was built with them."""

CRITICAL = re.compile(r"Critical: (.+)")
BLAMED = re.compile(r'Downloading of repodata failed: (\S+)|Cannot load repo: "([^"]+)"')
"""What mergerepo_c says, whatever its exit status then is."""


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    failed = create(request["create"])
    if failed is None and request["merge"]:
        failed = merge(request["merge"])
    (WORK / "answer.json").write_text(json.dumps({"failed": failed}))
    return 0 if failed is None else 1


def create(steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Run createrepo_c for each step, until one fails. Returns its failure, None if there is none."""
    for step in steps:
        command = step["command"]
        program, lacking = able_program(command)
        if lacking:
            reason = f"createrepo_c of the tool image is built without {lacking}: choose another image"
            return failure("create", command, log=step["log"], reason=reason)
        status = run([program, *command[1:]], RESULT / step["log"])
        if status:
            return failure("create", command, log=step["log"], status=status)
    return None


def merge(order: dict[str, Any]) -> dict[str, Any] | None:
    """Run mergerepo_c, again if a source has changed meanwhile; return its failure, None if it has none."""
    (WORK / "repo").rename(WORK / order["premerge"])
    version = mergerepo_version()
    command = order["command"] + [order["arch_expand"]] * (version >= ARCH_EXPAND_SINCE)
    command += [part for url in order["sources"] for part in ("-r", url)]
    for _ in range(ATTEMPTS):
        shutil.rmtree(WORK / "repo", ignore_errors=True)
        (WORK / "repo").mkdir()
        indexes: dict[str, bytes] = {}
        failed = merge_once(order, command, indexes)
        if failed is None or not any(has_changed(*each) for each in indexes.items()):
            break
        note("a repository has changed meanwhile")
    if failed and failed["url"] and version < ZSTD_SINCE and b".zst" in indexes.get(failed["url"], b""):
        failed["reason"] += (
            f" (mergerepo_c of the tool image is {'.'.join(map(str, version))}, and knows no zstd metadata: "
            "choose an image with 1.0 or later)"
        )
    return failed


def merge_once(order: dict[str, Any], command: list[str], indexes: dict[str, bytes]) -> dict[str, Any] | None:
    """Merge once, and look at the result. Returns what failed, None if nothing did.

    ``indexes`` gets the repomd.xml files as they were read before, by their repositories' URLs.
    """
    log = RESULT / "mergerepos.log"
    sources = []
    for url in order["sources"]:
        try:
            indexes[url] = repository.read_index(url)
            sources.append(repository.read_repository(url, indexes[url], WORK))
        except repository.UnreadableError as error:
            reason = str(error).replace(f"{url.rstrip('/')}/", "")
            note(f"{url}: {reason}")
            return failure("merge", command, url=url, reason=reason)
    before = log.stat().st_size if log.exists() else 0
    status = run(command, log)
    url, reason = blamed(log.read_bytes()[before:].decode("utf-8", "replace"), order["sources"])
    if url or status:
        return failure("merge", command, status=status, url=url, reason=reason if url else None)
    blocked = frozenset(Path(order["blocklist"]).read_text().split("\n"))
    problem = merged.problem_with(
        WORK / "repo" / "repodata", sources, merged.Order(order["mode"], order["arch"], blocked)
    )
    if problem is None:
        return None
    note(f"{problem.url or 'the merged repository'}: {problem.reason}")
    return failure("merge", command, url=problem.url, reason=problem.reason)


def blamed(said: str, urls: list[str]) -> tuple[str | None, str]:
    """Return the repository that mergerepo_c says it failed at, None if it names none, and its reasons.

    ``said`` is its output; it knows a repository that is a directory by its path.
    """
    by_place = {place(url): url for url in urls}
    found = [by_place.get(place(match[1] or match[2])) for match in BLAMED.finditer(said)]
    reasons = dict.fromkeys(CRITICAL.findall(said))
    return next(filter(None, found), None), "; ".join(reasons)


def place(url: str) -> str:
    """Return a repository's URL as the log has it from mergerepo_c: a directory's is its path."""
    shown: str = hidden(url.encode()).decode()
    return shown.removeprefix("file://").rstrip("/")


def has_changed(url: str, index: bytes) -> bool:
    """Return whether a repository's repomd.xml is not ``index`` any more; False if it cannot be read."""
    try:
        return bool(repository.read_index(url) != index)
    except repository.UnreadableError:
        return False


def failure(
    what: str,
    command: list[str],
    *,
    log: str = "mergerepos.log",
    status: int | None = None,
    url: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Return what the answer says of a command that failed."""
    known = {"status": status, "url": url, "reason": reason}
    return {"what": what, "command": shlex.join(command), "log": log, **known}


def note(text: str) -> None:
    """Add a line of our own to mergerepo_c's log."""
    with (RESULT / "mergerepos.log").open("ab") as log:
        log.write(hidden(f"{text}\n".encode()))


def run(command: list[str], log_path: Path) -> int:
    """Run a command with its output in a log, below the command line; return its exit status.

    Passwords in URLs are in neither.
    """
    with (
        log_path.open("ab", buffering=0) as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(WORK)},
        ) as process,
    ):
        log.write(hidden(f"$ {shlex.join(command)}\n".encode()))
        for line in process.stdout or ():
            log.write(hidden(line))
    return process.returncode


def able_program(command: list[str]) -> tuple[str, str | None]:
    """Return the first program on PATH that has all features that the command asks for, and None.

    If there is none, the program's name, and the first feature that is lacking.
    """
    wanted = {option: feature for option, feature in COMPILED_IN.items() if option in command}
    paths = [path for place in os.get_exec_path() if (path := shutil.which(command[0], path=place))]
    lacking = {path: lacking_feature(path, wanted) for path in paths} if wanted else {}
    able = next((path for path in paths if not lacking.get(path)), None)
    return (able, None) if able else (command[0], next(iter(lacking.values()), None))


def lacking_feature(program: str, wanted: dict[str, str]) -> str | None:
    """Return the first of the wanted features that the program was built without, None if it has all."""
    done = subprocess.run([program, "--help"], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:  # the command itself will show what is wrong
        return None
    shown = done.stdout.decode().split()
    return next((feature for option, feature in wanted.items() if option not in shown), None)


def mergerepo_version() -> tuple[int, ...]:
    """Return mergerepo_c's version, from "Version: 0.20.1 (Features: …)"; an unknown one counts as old."""
    result = subprocess.run(["mergerepo_c", "--version"], stdout=subprocess.PIPE, check=False)
    match = re.match(r"Version: (\d+)\.(\d+)\.(\d+)", result.stdout.decode("utf-8", "replace"))
    return tuple(map(int, match.groups())) if match else (0,)


if __name__ == "__main__":
    sys.exit(main())
