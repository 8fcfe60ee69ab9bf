"""Archives and a spec file template to SRPM: kojid's wrapperRPM."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from koji_adjutant.buildroot.files.walk import walk
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot
from koji_adjutant.buildroot.specification.config import CHROOT_HOME
from koji_adjutant.builds.scm_srpm import (
    SCM_ROOT,
    ScmHooks,
    SourceTree,
    build_source_package,
    check_out_tree,
)
from koji_adjutant.builds.sources import read_spec
from koji_adjutant.builds.spec import SpecRules, check_spec
from koji_adjutant.container.interface import VolumeMount
from koji_adjutant.container.tools import write_request
from koji_adjutant.errors import BuildTimeout, ContainerTimeout, ImageError, SpecError
from koji_adjutant.scm.checkout import CheckoutOptions
from koji_adjutant.scm.source import ScmSource

PROGRAMS = Path(__file__).parent / "tool"
NO_CHEETAH = 3
SUFFIX = ".spec.tmpl"
LOG = "template.log"
PATH_BYTES = 3800
"""Of a template's path, so that the archives beside it have paths that the kernel takes."""
REASON_BYTES = 4096
"""Of the end of the log, where Python says what was wrong."""


@dataclass(frozen=True)
class Archive:
    """A file that is wrapped: its path below the hub's topdir, and where it is."""

    path: PurePosixPath
    file: Path


@dataclass(frozen=True)
class Wrapping:
    """What is wrapped, and the variables of the template that say so."""

    archives: Sequence[Archive]
    variables: Mapping[str, Any]


@dataclass(frozen=True)
class WrapperSrpm:
    """The SRPM, in resultdir, and koji's ``source``."""

    srpm: Path
    source: dict[str, str]


def srpm_from_template(
    root: Buildroot,
    source: ScmSource,
    wrapping: Wrapping,
    *,
    rules: SpecRules,
    hooks: ScmHooks,
    options: CheckoutOptions,
    rendered: Callable[[Path], None],
) -> WrapperSrpm:
    """Check out, put the archives beside the template, render it, and ``rpmbuild -bs``.

    ``rendered`` gets the spec file, in resultdir, before it is looked at. Raises SourceError (checkout),
    SpecError (no template, or none that can be rendered; spec rules), BuildFailed ("error building srpm, …"),
    BuildTimeout (rendering), ImageError (no Cheetah).
    """
    tree = check_out_tree(root, source, hooks, options)
    template = find_template(tree, source.shown_url)
    for archive in wrapping.archives:
        _put_beside(archive, template.outside)
    spec = _render(root, template, wrapping.variables)
    text = read_spec(root, spec)
    copy = root.workspace.resultdir / spec.name
    copy.write_bytes(text)
    rendered(copy)
    log = root.workspace.resultdir / "build.log"
    for warning in check_spec(text.decode("utf-8", "replace"), rules):
        with log.open("a") as sink:
            sink.write(f"Warning: {spec.name}: {warning}; this builder lets it pass\n")
    return WrapperSrpm(build_source_package(root, spec, spec.parent, rules), tree.source)


@dataclass(frozen=True)
class Template:
    """A template's file name, and its directory as seen from outside and in the buildroot."""

    name: str
    outside: Path
    inside: PurePosixPath


def find_template(tree: SourceTree, url: str) -> Template:
    """Return the spec file template: of several the first one in the last directory, as kojid looks for it.

    Raises SpecError if there is none, or its name is not fit for a file that others shall see.
    """
    first: dict[tuple[str, ...], str] = {}
    for entry in walk(tree.outside):
        if entry.name.endswith(SUFFIX) and not entry.is_directory:
            first.setdefault(entry.parts, entry.name)
    if not first:
        raise SpecError(f"no spec file template found at URL: {url}")
    parts = max(first)  # the order in which a tree is walked
    found = Template(first[parts], tree.outside.joinpath(*parts), tree.inside.joinpath(*parts))
    if not str(found.inside / found.name).isprintable():
        raise SpecError(f"the name of the spec file template {found.name!r} is not acceptable")
    if len(os.fsencode(found.outside / found.name)) > PATH_BYTES:
        raise SpecError(f"the spec file template {found.name!r} is in a directory that is too deep")
    return found


def _put_beside(archive: Archive, directory: Path) -> None:
    """Copy an archive into the template's directory: rpm wants all sources of a package in one place.

    A name that is taken becomes the whole path with dashes, as with kojid. The directory is a packager's:
    what is there already may be a link.
    """
    target = directory / archive.path.name
    if os.path.lexists(target):
        target = directory / str(archive.path).replace("/", "-")
        target.unlink(missing_ok=True)
    with archive.file.open("rb") as original, target.open("xb") as copy:
        shutil.copyfileobj(original, copy, 1 << 20)
        os.fchown(copy.fileno(), BUILD_UID, BUILD_GID)


def _render(root: Buildroot, template: Template, variables: Mapping[str, Any]) -> PurePosixPath:
    """Make the spec file, in a container that has the checkout and nothing else.

    Returns its path in the buildroot. Raises SpecError, BuildTimeout or ImageError.
    """
    workspace = root.workspace
    spec = template.inside / template.name.removesuffix(".tmpl")
    work = workspace.workdir / "template"
    work.mkdir()
    request = {
        "directory": str(template.inside),
        "template": template.name,
        "spec": spec.name,
        "values": variables,
    }
    write_request(work, request)
    log = workspace.resultdir / LOG
    limit = root.config.rpmbuild_timeout or None
    with workspace.progress.phase(f"rendering {template.name}"), log.open("ab", buffering=0) as sink:
        try:
            status = workspace.tools.run(
                PROGRAMS / "render_template.py",
                sink,
                role="template",
                arguments=["/work/request.json"],
                user=f"{BUILD_UID}:{BUILD_GID}",
                environment={"HOME": "/nowhere"},
                mounts=[
                    VolumeMount(work, PurePosixPath("/work"), read_only=True),
                    VolumeMount(root.home / SCM_ROOT.relative_to(CHROOT_HOME), SCM_ROOT),
                ],
                timeout=limit,
            )
        except ContainerTimeout as error:
            raise BuildTimeout(f"rendering {template.name} did not end within {limit:g} seconds") from error
    if status == NO_CHEETAH:
        raise ImageError(
            f"the tool image {workspace.tool_image} has no Cheetah to render {template.name} with: "
            "install python3-cheetah in it, or make it anew with `koji-adjutant image build`"
        )
    if status != 0:
        raise SpecError(
            f"the spec file template {template.name} could not be rendered, see {LOG} for details\n"
            f"{_last_line(log)}"
        )
    return spec


def _last_line(log: Path) -> str:
    """Return the last line of a log that is not empty."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - REASON_BYTES))
        lines = stream.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
