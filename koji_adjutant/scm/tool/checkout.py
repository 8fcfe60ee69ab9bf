"""Run the commands of a checkout, as an unprivileged user, saying what is run.

Reads /work/request.json: fetch, update, recovery, resolve, common, origin (argument lists), directory, clone,
source_directory, lfs (environment with which git has git-lfs fetch files), secret (a password that must not
be seen).
Writes /work/answer.json: {commit, failed, refused}, where ``failed`` is the command that did not work and
``refused`` says what is wrong with the sources. Exit status: 0 or 1.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORK = Path("/work")
POINTER = b"version https://git-lfs.github.com/spec/"
"""How the file begins that git has in the place of one that is kept with Git LFS (its specification)."""


class CheckoutCommandError(Exception):
    """A command of the checkout failed; the message is its command line."""


class UnfitCheckoutError(Exception):
    """What was checked out cannot be used; the message says why."""


class LocalExternalError(UnfitCheckoutError):
    """An svn external is from a directory of the machine, not from a server."""


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    answer: dict[str, Any] = {"commit": None, "failed": None, "refused": None}
    try:
        answer["commit"] = check_out(request)
    except CheckoutCommandError as failure:
        answer["failed"] = str(failure)
    except UnfitCheckoutError as refusal:
        answer["refused"] = str(refusal)
        say(str(refusal).encode())
    (WORK / "answer.json").write_text(json.dumps(answer))
    return 1 if answer["failed"] or answer["refused"] else 0


def check_out(request: dict[str, Any]) -> str | None:
    """Run the commands; return the commit that is checked out, None for other systems than git.

    Raises CheckoutCommandError, UnfitCheckoutError.
    """
    directory = Path(request["directory"])
    clone = Path(request["clone"])
    secret = request["secret"]
    has_lfs = shutil.which("git-lfs") is not None
    if has_lfs:
        os.environ.update(request["lfs"])
    run(request["fetch"], directory, secret)
    if request["update"]:
        bring_revision(request["update"], request["recovery"], clone, secret)
    if request["lfs"]:
        look_for_missing_files(clone, has_lfs=has_lfs)
    if request["common"]:
        run(request["common"], directory, secret)
        link_common(directory, directory / request["source_directory"])
    if request["origin"]:
        refuse_local_externals(request["origin"], directory)
    if secret:
        forget(secret, directory)
    if not request["resolve"]:
        return None
    result = subprocess.run(request["resolve"], cwd=clone, stdout=subprocess.PIPE, check=True)
    return result.stdout.decode().strip()


def bring_revision(update: list[list[str]], recovery: list[str], clone: Path, secret: str | None) -> None:
    """Run the commands of ``update``, or ``recovery`` if the server does not know the revision by its name.

    What fails later (a file that git-lfs cannot fetch) would fail again, or with words about something else:
    a branch has no local name here. Raises CheckoutCommandError.
    """
    fetch, *others = update
    try:
        run(fetch, clone, secret)
    except CheckoutCommandError:
        others = [recovery]
    for command in others:
        run(command, clone, secret)


def run(command: list[str], directory: Path, secret: str | None) -> None:
    """Run a command, showing its output without the password. Raises CheckoutCommandError if it fails."""
    line = " ".join(command)
    hidden = secret.encode() if secret else b""
    if secret:
        line = line.replace(secret, "***")
    say(f"$ {line}".encode())
    output = subprocess.PIPE if hidden else None
    with subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    ) as process:
        for text in process.stdout or ():
            say(text.rstrip(b"\n").replace(hidden, b"***"))
    if process.returncode != 0:
        raise CheckoutCommandError(line)


def look_for_missing_files(clone: Path, *, has_lfs: bool) -> None:
    """Say what a git checkout has not got. Raises UnfitCheckoutError for files that git-lfs should fetch."""
    if (clone / ".gitmodules").is_file():
        say(b"Warning: .gitmodules names submodules; they are not fetched, as by any builder of koji")
    left = pointers_left(clone)
    if left and not has_lfs:
        raise UnfitCheckoutError(
            f"{len(left)} of the files are kept with Git LFS ({left[0]!r} is one), and the tool image has no "
            "git-lfs to fetch them: make it anew with git-lfs in it"
        )
    for path in left:
        say(f"Warning: {path!r} is only a pointer of Git LFS, because .lfsconfig excludes it".encode())


def pointers_left(clone: Path) -> list[str]:
    """Return the paths that are still pointers, of those that the repository keeps with Git LFS."""
    command = ["git", "ls-files", "-z", "--", ":(attr:filter=lfs)"]
    listed = subprocess.run(command, cwd=clone, stdout=subprocess.PIPE, check=True).stdout
    paths = [os.fsdecode(path) for path in listed.split(b"\0") if path]
    return [path for path in paths if is_pointer(clone / path)]


def is_pointer(path: Path) -> bool:
    """Look at a file, if it is one: a packager may have put anything there."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(POINTER)) == POINTER
    except OSError:
        return False


def link_common(directory: Path, sources: Path) -> None:
    """Make "common" appear beside the source directory, where makefiles expect it, if the clone has none."""
    link = sources / "../common"
    if sources.is_dir() and not os.path.lexists(link):
        link.symlink_to(os.path.relpath(directory / "common", link.parent.resolve()))


def refuse_local_externals(origin: list[str], directory: Path) -> None:
    """Raise LocalExternalError for svn externals from no server.

    Externals are working copies of their own, with externals of their own.
    """
    for working_copy in holders(directory, ".svn"):
        # the @ keeps one in the path from having a meaning
        command = [*origin, f"{working_copy}@"]
        url = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
        if url.startswith("file:"):
            place = working_copy.relative_to(directory)
            raise LocalExternalError(f"the svn external at {place} is refused: {url} is no server's")


def forget(secret: str, directory: Path) -> None:
    """Take the password out of what git and cvs have written: their files have the URL in them."""
    files = [holder / ".git/config" for holder in holders(directory, ".git")]
    files += [holder / "CVS/Root" for holder in holders(directory, "CVS")]
    for file in files:
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(f":{secret}@".encode(), b"@"))


def holders(directory: Path, name: str) -> Iterator[Path]:
    """Yield the directories below, and with, ``directory`` that have a subdirectory of that name.

    Not by os.walk, which calls itself for each directory before Python 3.12. Raises UnfitCheckoutError for a
    directory that cannot be read: it is too deep.
    """
    pending = [directory]
    while pending:
        path = pending.pop()
        try:
            with os.scandir(path) as entries:
                names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError as error:
            raise UnfitCheckoutError(
                f"the checkout has a directory that cannot be read: {error.strerror}"
            ) from error
        if name in names:
            yield path
        pending += [path / each for each in sorted(names, reverse=True) if each not in {".git", ".svn"}]


def say(line: bytes) -> None:
    """Write a line of output at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
