"""mock's buildroot_lock.json: what it has, by mock's own schema, and reading one.

The schema is docs/buildroot-lock-schema-1.1.0.json in mock's repository. mock writes such a file where its
plugin buildroot_lock is on, and builds from it with --hermetic-build.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from koji_adjutant.buildroot.specification.typed_json import TypedObject
from koji_adjutant.errors import LockError, NotFound
from koji_adjutant.rpm.nevra import nevra

NAME = "buildroot_lock.json"
VERSION = "1.1.0"
"""Of mock's schema: what we write, and with what is older of the same first number what we read."""
NO_TAG = "(none)"
"""rpm's word for a tag that a package has not: for ``sigmd5`` where it is of rpm's format 6, say."""

_MAJOR = re.compile(r"1\.\d+\.\d+")
_SIGMD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class MockLock:
    """What mock had installed: SIGMD5 in hex by NEVRA, without the checksums that would name files.

    ``target_arch`` is rpmbuild's, None where the lock says none; ``macros`` are with their ``%``.
    ``directory`` has the packages, with a repository's metadata.
    """

    installed: Mapping[str, str]
    target_arch: str | None
    macros: Mapping[str, str]
    directory: Path


def is_mocks(document: TypedObject) -> bool:
    """Return whether a lock is mock's: of the two formats only that one has a ``version``."""
    return document.has("version") and not document.has("schema")


def is_mock_lock(path: Path) -> bool:
    """Return whether a file is mock's lock, in whatever version; False for what cannot be read at all."""
    try:
        return is_mocks(TypedObject(json.loads(path.read_bytes())))
    except (OSError, ValueError, RecursionError):
        return False


def read_mock_lock(path: Path, directory: Path) -> MockLock:
    """Read mock's lock, whose packages are in ``directory``.

    Raises NotFound if there is no such file, LockError if it is no lock that can be used.
    """
    try:
        document = TypedObject(json.loads(path.read_bytes()))
        version = document.get("version", str)
        if not _MAJOR.fullmatch(version):
            raise LockError(
                f"{path} is mock's lock of version {version[:40]!r}, and this version of Koji-Adjutant reads "
                f"1.x: have it written anew by a mock whose locks are of {VERSION}"
            )
        return _parsed(document, directory)
    except FileNotFoundError:
        raise NotFound(f"There is no lock {path}.") from None
    except OSError as problem:
        raise LockError(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError) as problem:
        raise LockError(f"{path} is no lock of mock's: {problem}") from problem


def _parsed(document: TypedObject, directory: Path) -> MockLock:
    config = document.object("config")
    installed: dict[str, str] = {}
    for number, package in enumerate(document.object("buildroot").objects("rpms")):
        try:
            identity, sigmd5 = _nevra(package), package.get("sigmd5", str)
        except ValueError as problem:
            raise ValueError(f"package {number} of buildroot.rpms: {problem}") from None
        if not _SIGMD5.fullmatch(sigmd5):
            raise ValueError(f"{identity} has the sigmd5 {sigmd5[:40]!r}: nothing says which package it is")
        installed[identity] = sigmd5
    if not installed:
        raise ValueError("its buildroot.rpms are empty")
    return MockLock(
        installed=installed,
        target_arch=config.optional("target_arch", str),
        macros=config.object("macros").all_texts() if config.has("macros") else {},
        directory=directory,
    )


def _nevra(package: TypedObject) -> str:
    name, version, release, arch = (package.get(key, str) for key in ("name", "version", "release", "arch"))
    return nevra(name, package.optional("epoch", str), version, release, arch)
