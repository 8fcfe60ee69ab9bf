"""A buildroot's lock: what was wanted in it and exactly which packages that took, to make it again without
asking any repository."""

from __future__ import annotations

import json
import platform
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import koji

from koji_adjutant.buildroot.repository.transfer import Checksum
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.config_json import config_as_json, config_from_json
from koji_adjutant.buildroot.specification.mock_lock import is_mocks
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan, Wanted
from koji_adjutant.buildroot.specification.typed_json import TypedObject
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.errors import BuildrootError, LockError, NotFound, SpecificationError
from koji_adjutant.text import without_credentials

NAME = "adjutant_lock.json"
OLD_NAME = "buildroot_lock.json"
"""What it was called before: the name of mock's lock, which is another one."""
SCHEMA = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class Step:
    """One time that something was wanted, what that changed, and the key of the root that resulted."""

    wanted: Wanted
    plan: Plan
    key: str


@dataclass(frozen=True)
class Lock:
    """All that one buildroot's resolution gave; docs/reference.md says how it reads as a file.

    ``machine`` is what uname calls the machine. ``tool_image`` is the digest of the image that installed,
    ``tool_image_name`` what to ask an engine for to get it. The first of ``steps`` is the base. ``installed``
    has, by NEVRA, the payload hash of each package in the end.
    """

    machine: str
    tool_image: str
    tool_image_name: str
    config: BuildrootConfig
    steps: tuple[Step, ...]
    installed: Mapping[str, str]

    @property
    def key(self) -> str:
        """The key of the root in the end."""
        return self.steps[-1].key

    def packages(self) -> list[PackageFile]:
        """Return every package of every step."""
        return [package for step in self.steps for package in step.plan.install]

    def arch_to_build(self, asked: str | None) -> str:
        """Return what rpmbuild is to build for: what is ``asked`` for, else the lock's own.

        Raises LockError if what is asked for does not fit.
        """
        if asked not in (None, "noarch") and koji.canonArch(asked) != self.config.arch:
            raise LockError(f"the lock is of a buildroot for {self.config.arch}, not for {asked}")
        return asked or self.config.target_arch

    def write(self, directory: Path) -> None:
        """Write adjutant_lock.json."""
        (directory / NAME).write_text(json.dumps(self.as_json(), indent=1) + "\n")

    def as_json(self) -> dict[str, Any]:
        """Return the file's JSON object; ``read_lock`` reads it.

        There are no credentials in its URLs: it is for everybody, and downloading takes one's own.
        """
        urls = {
            repository.id: [without_credentials(url) for url in repository.urls]
            for repository in self.config.repositories
        }
        return {
            "schema": SCHEMA,
            "machine": self.machine,
            "tool_image": {"digest": self.tool_image, "name": self.tool_image_name},
            "buildroot": config_as_json(self.config),
            "directories": [str(mount.source) for mount in self.config.repo_mounts],
            "steps": [
                {
                    "wanted": asdict(step.wanted),
                    "install": [
                        {**asdict(package), "urls": package.urls(urls.get(package.repository, ()))}
                        for package in map(_without_credentials, step.plan.install)
                    ],
                    "erase": list(step.plan.erase),
                    "key": step.key,
                }
                for step in self.steps
            ],
            "installed": dict(self.installed),
        }


def _without_credentials(package: PackageFile) -> PackageFile:
    return replace(package, base=without_credentials(package.base)) if package.base else package


def lock_in(directory: Path) -> Path:
    """Return the lock in a directory, of whatever version; where there is none, what it would be called."""
    return directory / (name_among([path.name for path in directory.glob("*.json")]) or NAME)


def name_among(names: Collection[str]) -> str | None:
    """Return which of the files' names a lock has; None if there is none.

    The old name is mock's now: whoever reads the file sees which of the two it is.
    """
    return next((name for name in (NAME, OLD_NAME) if name in names), None)


def this_machine() -> str:
    """Return what uname calls this machine."""
    return platform.machine()


def read_lock(path: Path) -> Lock:
    """Read a lock of ours.

    Raises NotFound if there is no such file, LockError if it is no lock that can be used.
    """
    try:
        document = TypedObject(json.loads(path.read_bytes()))
        if is_mocks(document):
            raise LockError(
                f"{path} is mock's lock, which names no checksums: take the {NAME} beside it, "
                "or `koji-adjutant build --lock FILE --repo DIR` with the directory of its packages"
            )
        schema = document.get("schema", int)
        if schema != SCHEMA:
            raise LockError(f"{path} is a lock of schema {schema}, and this version reads {SCHEMA}")
        return _parsed(document)
    except FileNotFoundError:
        raise NotFound(f"There is no lock {path}.") from None
    except OSError as problem:
        raise LockError(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError, BuildrootError, SpecificationError) as problem:
        raise LockError(f"{path} is no lock of a buildroot: {problem}") from problem


def _parsed(document: TypedObject) -> Lock:
    image = document.object("tool_image")
    directories = [Path(directory) for directory in document.texts("directories")]
    config = replace(
        config_from_json(document.get("buildroot", dict)),
        repo_mounts=tuple(VolumeMount(one, PurePosixPath(one), read_only=True) for one in directories),
    )
    urls = {repository.id: repository.urls for repository in config.repositories}
    steps = tuple(_step(step, urls) for step in document.objects("steps"))
    if not steps:
        raise ValueError("it has no steps")
    return Lock(
        machine=document.get("machine", str),
        tool_image=image.get("digest", str),
        tool_image_name=image.get("name", str),
        config=config,
        steps=steps,
        installed=document.object("installed").all_texts(),
    )


def _step(step: TypedObject, urls: Mapping[str, Any]) -> Step:
    wanted = step.object("wanted")
    return Step(
        Wanted(*(tuple(wanted.texts(kind)) for kind in ("groups", "packages", "requires"))),
        Plan(
            tuple(_package(package, urls) for package in step.objects("install")),
            tuple(step.texts("erase")),
        ),
        step.get("key", str),
    )


def _package(document: TypedObject, urls: Mapping[str, Any]) -> PackageFile:
    package = PackageFile(
        nevra=document.get("nevra", str),
        checksum=document.get("checksum", str),
        size=document.get("size", int),
        repository=document.get("repository", str),
        location=document.get("location", str),
        base=document.optional("base", str),
    )
    Checksum.parse(package.checksum)
    # said twice, for people and programs that only want to download: nobody shall change one in vain
    if list(document.texts("urls")) != package.urls(urls.get(package.repository, ())):
        raise ValueError(f"the urls of {package.nevra} are not those of its repository")
    return package
