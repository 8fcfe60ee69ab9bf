"""buildroot.json: what a task's work was done with, for whoever wants to do it again.

docs/reference.md describes its keys.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from koji_adjutant import __version__
from koji_adjutant.buildroot.installed.packages import InstalledPackage
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.buildroot.specification.config_json import config_as_json
from koji_adjutant.container.interface import Image
from koji_adjutant.policy.resolver import Choice
from koji_adjutant.policy.rules import Subject

NAME = "buildroot.json"
SCHEMA = 1
"""Of the file: raised when a key changes its meaning or goes, not for new keys."""


class BuildrootJson:
    """The file in a task's ``resultdir``; written anew with each part that is set."""

    def __init__(self, resultdir: Path, server: str | None) -> None:
        self._path = resultdir / NAME
        self._document: dict[str, object] = {
            "schema": SCHEMA,
            "worker": {"version": __version__, "host": platform.node(), "hub": server},
        }

    def set_task(self, task_id: int, subject: Subject, repo_id: int | None) -> None:
        self._write(
            task={"id": task_id, "method": subject.task_type},
            tag=subject.tag,
            arch=subject.arch,
            repo_id=repo_id,
        )

    def set_image(self, image: Image, choice: Choice) -> None:
        self._write(
            image={
                "reference": choice.image,
                "digest": image.digest,
                "id": image.id,
                "pinned": image.pinned,
                "architecture": image.architecture,
            },
            policy={
                "source": choice.source,
                "tag": choice.policy_tag,
                "rule": choice.rule and choice.rule.document(),
                "reason": choice.reason,
                "warning": choice.warning,
            },
        )

    def set_buildroot(
        self, record: int, config: BuildrootConfig, packages: Sequence[InstalledPackage]
    ) -> None:
        self._write(
            buildroot={"id": record, **config_as_json(config)},
            packages=[_package(package) for package in packages],
        )

    def _write(self, **parts: object) -> None:
        self._document |= parts
        self._path.write_text(json.dumps(self._document, indent=2) + "\n")


def _package(package: InstalledPackage) -> Mapping[str, str]:
    return {"nevra": package.nevra, "payloadhash": package.payloadhash}
