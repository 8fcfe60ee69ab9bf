"""Making the tool image: only if something in it would change, and named only when it has worked."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from koji_adjutant.container.interface import LABEL_PREFIX, Image
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import EngineError, ImageError
from koji_adjutant.images.createrepo import own_programs, with_new_createrepo
from koji_adjutant.images.host import host_packages
from koji_adjutant.images.in_use import unused
from koji_adjutant.images.proof import prove
from koji_adjutant.images.proofs import Proofs
from koji_adjutant.images.recipe import DEFAULT_REFERENCE, HostPackages, ShowLine, ToolRoot, digest

PREFIX = LABEL_PREFIX + "image."
RECIPE, RESOLVED, PACKAGES = PREFIX + "recipe", PREFIX + "resolved", PREFIX + "packages"
CHUNK = 1 << 20
WORKDIR = Path("/var/tmp")  # noqa: S108 - a root is too big for a /tmp in memory; the directory's name is random


def ensure_tool_image(
    manager: PodmanManager,
    state_dir: Path,
    show: ShowLine,
    *,
    reference: str = DEFAULT_REFERENCE,
    refresh: bool = False,
    force: bool = False,
) -> tuple[Image, bool]:
    """Return the tool image, made anew if it is not good enough, and whether it was.

    An image of the same recipe is good enough; with ``refresh`` only one that also has the package versions
    of today; with ``force`` none. Two processes that need it make it once (a lock in ``state_dir``). Raises
    ImageError if it cannot be made.
    """
    host = host_packages()
    createrepo = own_programs()
    with (
        _lock(state_dir / "tool-image.lock"),
        tempfile.TemporaryDirectory(dir=WORKDIR, prefix="adjutant-") as work,
    ):
        workdir = Path(work)
        workdir.chmod(0o755)
        present = manager.images.find(reference)
        architecture = manager.check().architecture
        recipe = digest([architecture, *host.inputs, *(createrepo.inputs if createrepo else ())])
        same_recipe = present is not None and present.labels.get(RECIPE) == recipe and not force
        if present and same_recipe and not refresh:
            return present, False
        show(f"looking up the packages of {host.distribution}")
        resolved = host.resolve(workdir, show)
        if present and same_recipe and resolved and present.labels.get(RESOLVED) == digest(resolved):
            return present, False
        root = with_new_createrepo(host.build(workdir, show), createrepo, show)
        if present and same_recipe and present.labels.get(PACKAGES) == digest(root.packages):
            return present, False
        labels = _labels(host, root, recipe, architecture)
        if resolved:
            labels[RESOLVED] = digest(resolved)
        show(f"giving {root.tar.stat().st_size >> 20} MiB to podman")
        image = _install(manager, reference, root, labels, show)
        Proofs(state_dir).remember(image)
        remove_replaced(manager, state_dir)
        return image, True


def tool_images(manager: PodmanManager) -> list[Image]:
    """Return the tool images that the engine has."""
    return manager.images.all({RECIPE: ""})


def details(image: Image) -> Mapping[str, str]:
    """Return what the labels of a tool image say about it: distribution, tools, package_count, …"""
    return {key.removeprefix(PREFIX): value for key, value in image.labels.items() if key.startswith(PREFIX)}


def _labels(host: HostPackages, root: ToolRoot, recipe: str, architecture: str) -> dict[str, str]:
    versions = dict(package.split("=", 1) for package in root.packages)
    missing = [tool for tool in host.main_tools if tool not in versions]
    if missing:
        raise ImageError(f"the tool image came out without {', '.join(missing)}: see the messages above")
    return {
        RECIPE: recipe,
        PACKAGES: digest(root.packages),
        PREFIX + "package_count": str(len(root.packages)),
        PREFIX + "distribution": host.distribution,
        PREFIX + "architecture": architecture,
        PREFIX + "tools": ", ".join(f"{tool} {versions[tool]}" for tool in host.main_tools),
    }


def _install(
    manager: PodmanManager, reference: str, root: ToolRoot, labels: Mapping[str, str], show: ShowLine
) -> Image:
    candidate = f"{reference.rpartition(':')[0]}:candidate-{os.getpid()}"
    try:
        image = manager.images.load_root(candidate, _chunks(root.tar), labels)
        if image.architecture != labels[PREFIX + "architecture"]:
            raise ImageError(
                f"podman took the tool image for {image.architecture}: check the host's packages"
            )
        show("trying its tools")
        proof = prove(manager, candidate)
        if proof.wrong:
            raise ImageError(f"the tool image does not work: {'; '.join(proof.wrong)}")
        for sentence in proof.lacking:
            show(sentence)
        manager.images.tag(candidate, reference)
    finally:
        manager.images.remove(candidate)
    return manager.ensure_image_available(reference, "never")


def remove_replaced(manager: PodmanManager, state_dir: Path) -> None:
    """Remove tool images whose name another one has got, now or earlier, and that no task is at work with."""
    for image_id in manager.images.nameless({RECIPE: ""}):
        with unused(state_dir, image_id) as free:
            if free:
                with contextlib.suppress(EngineError):  # somebody's container may still run on it
                    manager.images.remove(image_id)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            yield data


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
