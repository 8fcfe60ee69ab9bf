"""Images in podman's storage: what they are known by, and which are refused."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from koji_adjutant.container.interface import ContainerSpec, ImageRoot, Owner
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import ImageError
from koji_adjutant.images.build import RECIPE, remove_replaced
from koji_adjutant.images.in_use import in_use

OWNER = Owner(task_id="local-images", worker_id="integration")
NAME = "localhost/adjutant-test-image:1"

MakeImage = Callable[..., str]


@pytest.fixture
def podman(engine: PodmanManager) -> list[str]:
    """The command line that reaches the engine's storage."""
    return list(engine._traits.command_line)


@pytest.fixture
def make_image(engine: PodmanManager, podman: list[str], tmp_path: Path) -> Iterator[MakeImage]:
    """``make_image(content, arch)`` gives NAME to an image of one file; the id."""
    made: list[str] = []

    def make(content: str, arch: str = engine.check().architecture) -> str:
        tar = tmp_path / "root.tar"
        with tarfile.open(tar, "w") as archive:
            entry = tarfile.TarInfo("content")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content.encode()))
        label = f"LABEL {RECIPE}=test"
        command = [*podman, "import", "--quiet", "--arch", arch, "--change", label, str(tar), NAME]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        made.append(done.stdout.strip().removeprefix("sha256:"))
        return made[-1]

    yield make
    for image in made:
        subprocess.run([*podman, "rmi", "--force", image], check=False, capture_output=True)


@pytest.mark.parametrize("policy", ["if-not-present", "never"])
def test_an_image_of_another_architecture_is_refused(
    engine: PodmanManager, make_image: MakeImage, policy: str
) -> None:
    make_image("hello", arch="s390x")
    expected = f"^the image {NAME} is for s390x, but this host runs {engine.check().architecture}: "
    with pytest.raises(ImageError, match=expected):
        engine.ensure_image_available(NAME, policy)  # type: ignore[arg-type]


def test_a_task_keeps_its_image_when_the_name_gets_another_one(
    engine: PodmanManager, state_dir: Path, make_image: MakeImage, tmp_path: Path
) -> None:
    before = make_image("one")
    with in_use(state_dir, before):
        after = make_image("two")
        remove_replaced(engine, state_dir)
        assert engine.ensure_image_available(NAME, "never").id == after
        with engine.container(ContainerSpec(ImageRoot(before), ["/content"], OWNER, "test")) as container:
            engine.copy_from(container, PurePosixPath("/content"), tmp_path)
        assert (tmp_path / "content").read_text() == "one"
    remove_replaced(engine, state_dir)
    with pytest.raises(ImageError, match="is not in podman's storage"):
        engine.ensure_image_available(before, "never")
    assert engine.ensure_image_available(after, "never").id == after


def test_what_to_ask_for_to_get_the_same_image(
    engine: PodmanManager, podman: list[str], make_image: MakeImage
) -> None:
    image_id = make_image("hello")
    here = engine.ensure_image_available(NAME, "never")
    assert (here.id, here.pinned) == (image_id, image_id)
    names = [f"registry{number}.invalid/adjutant/tools:2" for number in (1, 2)]
    subprocess.run([*podman, "tag", NAME, *names], check=True)
    for name in names:
        image = engine.ensure_image_available(name, "never")
        assert image.pinned == f"{name.removesuffix(':2')}@{image.digest}"
        assert engine.ensure_image_available(image.pinned, "never").id == image_id
