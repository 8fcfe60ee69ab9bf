"""The whole way from apt's indexes to a published repository."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.distribution import dependencies, own, repository, seeds
from tests.distribution.apt import Apt
from tests.distribution.convert import Converter, built, scriptlets
from tests.distribution.debian import RPM_ARCH, Package
from tests.distribution.recipe import Recipe
from tests.distribution.repository import Entry, Manifest
from tests.distribution.run import DistributionError, run

Say = Callable[[str], None]
Groups = Mapping[str, Sequence[str]]

_TOOLS = {"apt-get": "apt", "dpkg-deb": "dpkg", "rpmbuild": "rpm", "createrepo_c": "createrepo-c"}


def default_output() -> Path:
    """Where everybody on this machine looks for the distribution."""
    state = os.environ.get("KOJI_ADJUTANT_DEV") or Path.home() / ".cache/koji-adjutant"
    return Path(state) / "distribution"


def build(output: Path, *, groups: Groups = seeds.GROUPS, force: bool = False, say: Say = print) -> Path:
    """Make the distribution, or find that it is made; returns the repository, ``output``/repo.

    ``groups`` are its comps groups; ``force`` converts every package again.  Raises DistributionError when
    the host is no Debian, a tool is missing, or a package is not available.
    """
    _check_host()
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    with _locked(output):
        return _build(output, groups, force, say)


def _build(output: Path, groups: Groups, force: bool, say: Say) -> Path:
    previous = output / "repo"
    manifest = None if force else Manifest.load(previous)
    generator = _generator()
    if manifest is not None and manifest.inputs == _fingerprint(generator, groups, manifest.lists):
        return previous
    apt = Apt(_directory(output / "apt"))

    say("resolving packages with apt")
    packages = _resolve(apt, groups)
    megabytes = sum(package.size for package in packages.values()) / 1e6
    say(f"fetching {len(packages)} Debian packages, {megabytes:.0f} MB (those not yet in {output / 'debs'})")
    debs = apt.fetch(list(packages.values()), output / "debs")
    recipes = _recipes(packages, debs)

    generations = _directory(output / "generations")
    staging = Path(tempfile.mkdtemp(dir=generations))
    staging.chmod(0o755)
    converter = Converter(output / "debs", _directory(staging / "Packages"), _rpm_config())
    done = manifest.rpms(previous) if manifest is not None else {}
    entries = _convert(recipes, done, converter, generator, say)
    say("writing repository metadata")
    repository.write_metadata(staging, groups, max(recipe.built for recipe in recipes))
    inputs = _fingerprint(generator, groups, apt.lists)
    Manifest(inputs, apt.lists, _rpm_arch(), tuple(entries)).save(staging)
    return repository.publish(staging, output)


def _resolve(apt: Apt, groups: Groups) -> Mapping[str, Package]:
    names = {name for group in groups.values() for name in group if name not in seeds.OWN}
    names |= {*seeds.EXTRAS, *own.RPM_BUILD_REQUIRES}
    return dependencies.Resolver(apt.closure(names)).reachable(names)


def _recipes(packages: Mapping[str, Package], debs: Mapping[str, Path]) -> list[Recipe]:
    resolver = dependencies.Resolver(packages)
    converted = [
        Recipe(
            name,
            package.version,
            package.rpm_arch,
            package.summary,
            url=package.homepage,
            requires=tuple(sorted({relation.text for relation in resolver.requires(package)})),
            provides=dependencies.provides(package),
            scriptlets=scriptlets(name),
            deb=debs[name].name,
            deb_sha256=package.sha256,
            built=built(debs[name]),
        )
        for name, package in packages.items()
    ]
    return converted + own.recipes(_architecture(), packages["rpm"].version.version, _rpm_arch())


def _convert(
    recipes: list[Recipe], done: Mapping[str, Path], converter: Converter, generator: str, say: Say
) -> list[Entry]:
    """Every recipe as an RPM in the converter's output; ``done`` are RPMs that need not be made, by key."""
    missing = []
    entries: list[Entry] = []
    for recipe in recipes:
        key = recipe.key(generator)
        if key in done:
            path = repository.reuse(done[key], converter.output)
            entries.append(repository.entry(path, recipe.name, key))
        else:
            missing.append(recipe)
    # The large ones first, so that no processor is left with one of them at the end.
    missing.sort(key=lambda recipe: -(converter.debs / recipe.deb).stat().st_size if recipe.deb else 0)
    workers = os.cpu_count() or 1
    say(f"converting {len(missing)} packages to RPM on {workers} processors")
    with ThreadPoolExecutor(workers) as pool:
        made = zip(missing, pool.map(converter.convert, missing), strict=True)
        for number, (recipe, path) in enumerate(made, 1):
            entries.append(repository.entry(path, recipe.name, recipe.key(generator)))
            if number % 50 == 0:
                say(f"  {number} of {len(missing)}")
    return sorted(entries, key=lambda one: one.name)


def _generator() -> str:
    """What makes the RPMs: this program's text and the host's rpm."""
    digest = hashlib.sha256(run(["rpmbuild", "--version"]).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


def _fingerprint(generator: str, groups: Groups, lists: Iterable[str]) -> str:
    """All that decides what the repository is, without asking apt: the indexes by name, size and time."""
    digest = hashlib.sha256(f"{generator}\n{sorted(groups.items())!r}".encode())
    for name in lists:
        path = Path(name)
        status = path.stat() if path.exists() else None  # apt removes what is no longer a source
        digest.update(f"\n{name}\t{status and (status.st_size, status.st_mtime_ns)}".encode())
    return digest.hexdigest()


def _check_host() -> None:
    missing = sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None)
    if {"apt", "dpkg"} & set(missing):
        raise DistributionError(
            "the test distribution is made from Debian packages and needs a Debian host with apt and dpkg"
        )
    if missing:
        raise DistributionError(
            f"programs are missing that make RPM repositories: run `apt-get install {' '.join(missing)}`"
        )
    if _architecture() not in RPM_ARCH:
        raise DistributionError(f"no RPM name is known for Debian's architecture {_architecture()}")


def _architecture() -> str:
    return run(["dpkg", "--print-architecture"]).strip()


def _rpm_arch() -> str:
    return RPM_ARCH[_architecture()]


def _rpm_config() -> Path:
    return Path(run(["rpm", "--eval", "%_rpmconfigdir"]).strip())


def _directory(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _locked(output: Path) -> Iterator[None]:
    """One builder at a time; the others wait and then find the work done."""
    with (output / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
