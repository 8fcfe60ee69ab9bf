"""A mass rebuild in small: ten packages whose BuildRequires this builder has never seen, and then has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.root import open_buildroot
from koji_adjutant.builds.scm_srpm import srpm_from_directory
from koji_adjutant.container.interface import ContainerManager
from tests.bench.contender import Build
from tests.bench.distributions import LIBRARIES
from tests.bench.meter import metered
from tests.bench.mock import Mock
from tests.bench.packages import SourcePackage
from tests.bench.stage import ARCH, Stage
from tests.bench.worker import Worker

_SIZES = (1, 2, 3, 4, 6, 9, 13, 19, 27, 40)
"""How many of them each package requires."""

_SPEC = """\
Name: mass-{number}
Version: 1
Release: 1
Summary: Requires {size} development packages
License: MIT
BuildRequires: gcc
{requires}

%description
One of a mass rebuild.

%prep
%setup -c -T

%build
echo 'int main(void) {{ return 0; }}' > mass.c
gcc -O2 -g -o mass mass.c

%install
install -D mass %{{buildroot}}%{{_bindir}}/mass-{number}

%files
%{{_bindir}}/mass-{number}
"""


@dataclass(frozen=True)
class MassRun:
    """All packages, one after another: who built them, which time it was, seconds of each."""

    contender: str
    turn: int
    seconds: Sequence[float]


def source_packages(stage: Stage, manager: ContainerManager) -> list[SourcePackage]:
    """Make the source packages; each takes its libraries from where the one before it ended."""
    found, first = [], 0
    for number, size in enumerate(_SIZES):
        names = [LIBRARIES[(first + place) % len(LIBRARIES)] for place in range(size)]
        first += size
        found.append(SourcePackage(f"mass-{number}", _made(stage, manager, number, names), ARCH))
    return found


def _made(stage: Stage, manager: ContainerManager, number: int, libraries: Sequence[str]) -> Path:
    directory = stage.directory(f"source-mass-{number}")
    checkout = directory / f"mass-{number}"
    checkout.mkdir()
    requires = "\n".join(f"BuildRequires: {name}-dev" for name in libraries)
    spec = _SPEC.format(number=number, size=len(libraries), requires=requires)
    (checkout / f"mass-{number}.spec").write_text(spec)
    with open_buildroot(stage.workspace(manager, stage.state, directory), stage.config) as root:
        return srpm_from_directory(root, checkout)


def measure(
    stage: Stage, mock: Path | None, packages: Sequence[SourcePackage], turn: int
) -> Iterator[MassRun]:
    """Build them with only the base root in the cache, then twice with what is in it then, and by mock."""
    worker = Worker(stage, stage.directory("cache") / "mass")
    worker.compose_base()
    for name in ("first", "second", "third"):
        yield MassRun(name, turn, [_seconds(stage, worker.build, package) for package in packages])
    if mock:
        builder, seconds = Mock(stage, mock), []
        for package in packages:
            builder.prepare(package)
            seconds.append(_seconds(stage, builder.build, package))
        yield MassRun("mock", turn, seconds)


def _seconds(stage: Stage, build: Callable[[SourcePackage], Build], package: SourcePackage) -> float:
    """Of one build, the disk at rest before it."""
    with metered(stage.runs):
        return build(package).seconds
