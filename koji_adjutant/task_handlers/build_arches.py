"""Which architectures a package is built for, and where a noarch subtask may run: kojid's rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import koji

from koji_adjutant.hub.rows import TagRow
from koji_adjutant.rpm.header import RpmHeader, Tag


@dataclass(frozen=True)
class ArchTags:
    """What an SRPM's header says about architectures."""

    buildarchs: Sequence[str] = ()
    exclusivearch: Sequence[str] = ()
    excludearch: Sequence[str] = ()

    @classmethod
    def of(cls, header: RpmHeader) -> ArchTags:
        return cls(*(header.texts(tag) for tag in (Tag.BUILDARCHS, Tag.EXCLUSIVEARCH, Tag.EXCLUDEARCH)))


def build_arches(
    build_config: TagRow, tags: ArchTags, extra: str | None = None, override: str | None = None
) -> list[str]:
    """Return the arches of the buildArch subtasks, in order: the first one's SRPM is kept.

    ``build_config`` is the build tag's, ``extra`` the package's extra_arches, ``override`` a scratch
    build's arch_override. koji.BuildError if nothing is left.
    """
    if not build_config["arches"]:
        raise koji.BuildError(f"No arches for tag {build_config['name']} [{build_config['id']}]")
    of_tag = _canonical(build_config["arches"].split())
    arches = f"{build_config['arches']} {extra or ''}".split()
    if tags.buildarchs:
        arches = list(tags.buildarchs)
    if tags.exclusivearch:
        arches = [arch for arch in arches if arch in tags.exclusivearch]
    if tags.excludearch:
        arches = [arch for arch in arches if arch not in tags.excludearch]
    if "noarch" not in tags.excludearch and ("noarch" in tags.buildarchs or "noarch" in tags.exclusivearch):
        arches.append("noarch")
    if override:
        arches = override.split()
    # Only what the tag can handle is left, each once.
    chosen = list(
        dict.fromkeys(arch for arch in arches if arch == "noarch" or koji.canonArch(arch) in of_tag)
    )
    if not chosen:
        raise koji.BuildError("No matching arches were found")
    return chosen


def noarch_task_arch(build_config: TagRow, tags: ArchTags) -> str:
    """Return the arch of a subtask that has none of its own: noarch, unless that might land on a wrong host.

    ExclusiveArch, ExcludeArch and the tag's ``noarch_arches`` restrict where such a task may run; then one
    of the allowed arches is drawn. koji.BuildError if there is none.
    """
    noarch_arches = build_config["extra"].get("noarch_arches")
    if noarch_arches and not isinstance(noarch_arches, str):
        raise koji.BuildError(
            f"noarch_arches of tag {build_config['name']} must be arches separated by spaces, "
            f"not {noarch_arches!r}"
        )
    if not (tags.exclusivearch or tags.excludearch or noarch_arches):
        return "noarch"
    of_tag = _canonical((build_config["arches"] or "").split())
    exclusive, exclude = _canonical(tags.exclusivearch), _canonical(tags.excludearch)
    allowed = (
        [arch for arch in _canonical(noarch_arches.split()) if arch in of_tag] if noarch_arches else of_tag
    )
    if exclusive:
        allowed = [arch for arch in allowed if arch in exclusive]
    if exclude:
        allowed = [arch for arch in allowed if arch not in exclude]
    if not allowed:
        raise koji.BuildError(
            f"No valid arches were found. tag {of_tag!r}, extra {noarch_arches!r}, "
            f"exclusive {exclusive!r}, exclude {exclude!r}"
        )
    return "noarch" if set(allowed) == set(of_tag) else random.choice(allowed)  # noqa: S311


def _canonical(arches: Sequence[str]) -> list[str]:
    return [koji.canonArch(arch) for arch in arches]
