"""Of which BuildRequires a build has opened anything: buildrequires.log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from koji_adjutant.buildroot.files.opened import OpenedFiles
from koji_adjutant.buildroot.root import Buildroot
from koji_adjutant.errors import BuildrootError
from koji_adjutant.rpm.header import RpmHeader, Tag
from koji_adjutant.text import on_one_line

NAME = "buildrequires.log"
HEAD = """\
What of its BuildRequires this build has opened, from the beginning of rpmbuild to its end. A file whose mere
existence was looked at counts as not opened, as does what only other architectures, options or tests use:
look before you remove a line.
"""
_MERGED = ("/bin/", "/sbin/", "/lib/", "/lib64/")
_QUERY = r"[F\t%{=NVRA}\t%{FILENAMES}\n][R\t%{=NVRA}\t%{REQUIRENAME}\n][P\t%{=NVRA}\t%{PROVIDENAME}\n]"
_LIMIT = 64 << 20
"""Bytes of what rpm lists."""
_PATIENCE = 60.0
"""Seconds for that."""


@dataclass
class PackageRelations:
    """What is installed, by NVRA: files, what each requires; and who provides what."""

    files: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    requires: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    providers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def needed_by(self, packages: Collection[str]) -> set[str]:
        """Return these packages and all that they require."""
        found, left, names = set(packages), list(packages), set[str]()
        while left:
            wanted = set(self.requires[left.pop()]) - names
            names |= wanted
            new = {package for name in wanted for package in self.providers.get(name, ())} - found
            found |= new
            left += new
        return found


def write_report(root: Buildroot, srpm: Path, opened: OpenedFiles) -> None:
    """Write buildrequires.log about the BuildRequires of a source package that was built just now.

    Raises BuildrootError if the root's rpm does not say what is installed, EngineError if it does not within
    a minute.
    """
    # not /builddir: what rpm reads there is the build's
    query = ["env", "HOME=/", "rpm", "-qa", "--qf", _QUERY]
    status, listed = root.capture(query, limit=_LIMIT, timeout=_PATIENCE)
    if status != 0:
        raise BuildrootError(f"rpm -qa ended with status {status}")
    installed = read_installed(listed.decode(errors="replace"))
    lines = [HEAD, *report(wanted_by(srpm), installed, root.base_packages(), opened.paths)]
    if not opened.complete:
        lines.append("\nSome of what was opened was not noted: what is called not opened may be in use.")
    (root.workspace.resultdir / NAME).write_text("\n".join(lines) + "\n")


def wanted_by(srpm: Path) -> list[str]:
    """Return the names in a source package's BuildRequires, without rich ones and rpm's own."""
    names = dict.fromkeys(RpmHeader(srpm).texts(Tag.REQUIRENAME))
    return sorted(name for name in names if not name.startswith(("(", "rpmlib(")))


def read_installed(listed: str) -> PackageRelations:
    """Read what _QUERY makes rpm say; a name with a line break in it is nothing of which is asked."""
    installed = PackageRelations()
    for line in listed.splitlines():
        match line.split("\t"):
            case ["F", package, path]:
                installed.files[package].append(path)
                installed.providers[path].add(package)
            case ["R", package, name]:
                installed.requires[package].append(name)
            case ["P", package, name]:
                installed.providers[name].add(package)
    return installed


def report(
    wanted: Sequence[str], installed: PackageRelations, base: Set[str], opened: Collection[str]
) -> Iterator[str]:
    """Yield a line for each of ``wanted``, those of which nothing was opened first.

    ``base`` has the NVRAs of what each build of the tag has: such a line costs nothing.
    """
    rows = [(_use(name, installed, base, opened), name) for name in wanted]
    for use, name in sorted(rows, key=lambda row: (list(_WORDS).index(row[0][0]), row[1])):
        kind, packages = use
        yield f"{_WORDS[kind]:<16} {on_one_line(name)}{_named(packages)}"


_WORDS: Mapping[str, str] = {
    "nothing": "not opened",
    "through": "only through",
    "opened": "opened",
    "base": "in each build",
    "unknown": "not installed",
}


def _use(
    name: str, installed: PackageRelations, base: Set[str], opened: Collection[str]
) -> tuple[str, Sequence[str]]:
    """Return how something was used, and which packages show it."""
    own = installed.providers.get(name, set())
    if not own:
        return "unknown", ()
    if own & base:
        return "base", sorted(own & base)
    if used := _with_opened(own, installed, opened):
        return "opened", used
    brought = installed.needed_by(own) - own - base
    if used := _with_opened(brought, installed, opened):
        return "through", used
    return "nothing", sorted(own)


def _with_opened(
    packages: Collection[str], installed: PackageRelations, opened: Collection[str]
) -> Sequence[str]:
    def is_opened(package: str) -> bool:
        return any(path in opened for listed in installed.files[package] for path in _as_opened(listed))

    return sorted(filter(is_opened, packages))


def _as_opened(path: str) -> Sequence[str]:
    """Return what a file may be called when it is opened: /bin and its like are links to directories in /usr,
    and on some distributions /usr/sbin is one to /usr/bin."""
    path = f"/usr{path}" if path.startswith(_MERGED) else path
    return (path, path.replace("/usr/sbin/", "/usr/bin/", 1)) if path.startswith("/usr/sbin/") else (path,)


def _named(packages: Sequence[str], most: int = 4) -> str:
    shown = ", ".join(map(on_one_line, packages[:most]))
    more = f" and {len(packages) - most} more" if len(packages) > most else ""
    return f"  ({shown}{more})" if shown else ""
