"""The worker's tool image: looked for at each look at the hub, pulled and tried out in a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.interface import Image, PullPolicy
from koji_adjutant.daemon import tool_image as module
from koji_adjutant.daemon.tool_image import ToolImage
from koji_adjutant.errors import EngineError, ImageError
from koji_adjutant.images.proofs import Proofs
from tests.support.waiting import until

PULLABLE = "registry.example.com/tools:1"
LOCAL = "localhost/tools:1"
TRIED = "is being looked for and tried out"


@dataclass
class Storage:
    """An engine with at most one image, and a registry; files, since a process pulls into it.

    The image's id is what ``image`` says, the registry's what ``registry`` says. ``pulls`` has a line for
    each try.
    """

    directory: Path

    def put(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def take(self, name: str) -> None:
        (self.directory / name).unlink()

    def text(self, name: str) -> str:
        path = self.directory / name
        return path.read_text() if path.exists() else ""

    def ensure_image_available(self, reference: str, policy: PullPolicy) -> Image:
        if not self.text("image") and policy != "never":
            self.put("pulls", self.text("pulls") + "pulled\n")
            if not self.text("registry"):
                raise ImageError(f"the image {reference} could not be pulled: no such host")
            self.put("image", self.text("registry"))
        if not self.text("image"):
            raise ImageError(f"the image {reference} is not in podman's storage: make it")
        return Image(reference, self.text("image"), "sha256:1", "amd64", {})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    directory = tmp_path / "storage"
    directory.mkdir()
    storage = Storage(directory)

    @contextmanager
    def engine(_options: AdjutantOptions) -> Iterator[Storage]:
        yield storage

    def wrong(proofs: Proofs, _manager: object, image: Image) -> str | None:
        if image.id.startswith("bad"):
            return f"the tool image {image.reference} cannot be used: it has no git"
        if image.id.startswith("fatal"):
            os.kill(os.getpid(), signal.SIGKILL)
        proofs.remember(image)
        return None

    monkeypatch.setattr(module, "open_engine", engine)
    monkeypatch.setattr(Proofs, "wrong", wrong)
    return storage


Open = Callable[..., ToolImage]


@pytest.fixture
def tool_image(tmp_path: Path, clock: Clock) -> Iterator[Open]:
    opened: list[ToolImage] = []

    def open_(reference: str, pull: PullPolicy = "if-not-present") -> ToolImage:
        options = AdjutantOptions(state_dir=tmp_path, task_image_default=reference, image_pull_policy=pull)
        opened.append(ToolImage(options))
        return opened[-1]

    yield open_
    for each in opened:
        each.stop()


def verdict(image: ToolImage, engine: Any) -> str | None:
    """What it says when its process has ended."""

    def ended() -> tuple[str | None]:
        said = image.problem(engine)
        return () if image._process.pid is not None else (said,)  # type: ignore[return-value]

    return until(ended, "the process has ended")[0]


@pytest.mark.parametrize(("reference", "pull"), [(LOCAL, "always"), (PULLABLE, "never")])
def test_one_that_only_the_operator_can_bring(
    storage: Any, tool_image: Open, reference: str, pull: PullPolicy
) -> None:
    image = tool_image(reference, pull)
    for _ in range(2):
        assert image.problem(storage) == f"the image {reference} is not in podman's storage: make it"
    assert image._process.pid is None
    storage.put("image", "good")
    assert verdict(image, storage) is None
    assert image.problem(storage) is None
    storage.take("image")
    assert image.problem(storage)


def test_one_that_is_known_to_be_good_starts_no_process(
    storage: Any, tool_image: Open, tmp_path: Path
) -> None:
    storage.put("image", "good")
    Proofs(tmp_path).remember(storage.ensure_image_available(PULLABLE, "never"))
    image = tool_image(PULLABLE)
    assert image.problem(storage) is None
    assert image._process.pid is None


def test_the_first_pull_is_the_worker_s(storage: Any, tool_image: Open) -> None:
    storage.put("registry", "good")
    image = tool_image(PULLABLE)
    assert image.problem(storage) == f"the tool image {PULLABLE} {TRIED}"
    assert verdict(image, storage) is None
    assert storage.text("pulls") == "pulled\n"


def test_a_registry_that_is_away_is_asked_again_after_pauses_that_double(
    storage: Any, tool_image: Open, clock: Clock
) -> None:
    image = tool_image(PULLABLE)
    wanted = f"the image {PULLABLE} could not be pulled: no such host"
    for number, pause in enumerate((60, 120, 240, 480, 600, 600), start=1):
        assert verdict(image, storage) == wanted
        clock.now += pause - 1
        assert image.problem(storage) == wanted
        assert image._process.pid is None
        assert storage.text("pulls").count("\n") == number
        clock.now += 1
        image.problem(storage)
    assert verdict(image, storage) == wanted
    storage.put("registry", "good")
    clock.now += 600
    assert verdict(image, storage) is None


def test_one_that_is_no_good_until_there_is_another(storage: Any, tool_image: Open) -> None:
    storage.put("image", "bad")
    image = tool_image(LOCAL)
    assert verdict(image, storage) == f"the tool image {LOCAL} cannot be used: it has no git"
    assert image._process.pid is None
    storage.put("image", "good")
    assert verdict(image, storage) is None


def test_one_that_was_pulled_and_is_no_good_is_not_tried_twice(
    storage: Any, tool_image: Open, clock: Clock
) -> None:
    storage.put("registry", "bad")
    image = tool_image(PULLABLE)
    wanted = f"the tool image {PULLABLE} cannot be used: it has no git"
    assert verdict(image, storage) == wanted
    assert image.problem(storage) == wanted
    assert image._process.pid is None


def test_a_process_that_is_killed(storage: Any, tool_image: Open) -> None:
    storage.put("image", "fatal")
    image = tool_image(LOCAL)
    assert verdict(image, storage) == (
        f"the tool image {LOCAL} could not be tried out: that ended without a word"
    )


def test_an_engine_that_does_not_answer(storage: Any, tool_image: Open) -> None:
    class Gone:
        def ensure_image_available(self, _reference: str, _policy: PullPolicy) -> Image:
            raise EngineError("no socket")

    with pytest.raises(EngineError, match="no socket"):
        tool_image(PULLABLE).problem(Gone())  # type: ignore[arg-type]
