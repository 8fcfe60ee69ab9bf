"""What is known of a tool image that has just been made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from koji_adjutant.container.interface import Image
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import ImageError
from koji_adjutant.images import build, proofs
from koji_adjutant.images.build import ensure_tool_image
from koji_adjutant.images.proof import Proof
from koji_adjutant.images.proofs import Proofs
from koji_adjutant.images.recipe import ShowLine, ToolRoot


class Distribution:
    distribution = "test 1"
    inputs = ("one",)
    main_tools = ("rpm",)

    def resolve(self, _workdir: Path, _show: ShowLine) -> Sequence[str] | None:
        return None

    def build(self, workdir: Path, _show: ShowLine) -> ToolRoot:
        (workdir / "root.tar").write_bytes(b"files")
        return ToolRoot(workdir / "root.tar", ["rpm=6"])


class Engine:
    """Has the one image that was loaded last, by all names."""

    def __init__(self) -> None:
        self.images = self
        self._image: Image | None = None

    def check(self) -> Any:
        return SimpleNamespace(architecture="amd64")

    def find(self, _reference: str) -> Image | None:
        return self._image

    def load_root(self, reference: str, tar: Iterable[bytes], labels: Mapping[str, str]) -> Image:
        assert b"".join(tar) == b"files"
        self._image = Image(reference, "abc", "sha256:abc", "amd64", labels)
        return self._image

    def tag(self, reference: str, name: str) -> None:
        pass

    def remove(self, reference: str) -> None:
        pass

    def nameless(self, _labels: Mapping[str, str]) -> list[str]:
        return []

    def ensure_image_available(self, _reference: str, _policy: str) -> Image:
        assert self._image is not None
        return self._image


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PodmanManager:
    monkeypatch.setattr(build, "host_packages", Distribution)
    monkeypatch.setattr(build, "own_programs", lambda: None)
    return cast(PodmanManager, Engine())


def test_who_makes_an_image_has_proved_it_for_all(
    engine: PodmanManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "prove", lambda *_: Proof([], ["it has no dnf 5"]))
    monkeypatch.setattr(proofs, "prove", lambda *_: Proof(["it should not have been asked"]))
    said: list[str] = []
    image, made = ensure_tool_image(engine, tmp_path, said.append)
    assert made
    assert "it has no dnf 5" in said
    assert Proofs(tmp_path).wrong(engine, image) is None


def test_an_image_that_failed_is_not_taken_for_proved(
    engine: PodmanManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Proof(["it cannot run git"])
    monkeypatch.setattr(build, "prove", lambda *_: bad)
    monkeypatch.setattr(proofs, "prove", lambda *_: bad)
    with pytest.raises(ImageError, match="the tool image does not work: it cannot run git"):
        ensure_tool_image(engine, tmp_path, lambda _line: None)
    assert Proofs(tmp_path).wrong(engine, engine.ensure_image_available("any", "never")) is not None
