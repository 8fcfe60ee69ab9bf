"""What the manager makes of an engine's answers; the requests go over a real unix socket."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.container.interface import ContainerSpec, EngineTimeouts, ImageRoot, Owner, ResourceLimits
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.errors import ContainerTimeout, EngineError, ImageError
from tests.unit.container.fake_podman import INFO, FakePodman

IMAGE = "registry.example.com/tools:1"
FOUND = f"GET images/{IMAGE.replace('/', '%2F')}/json"


def image(architecture: str) -> dict[str, object]:
    return {"Id": "abc", "Digest": "sha256:abc", "Architecture": architecture, "Labels": None}


@contextlib.contextmanager
def talking(
    directory: Path, answers: Mapping[str, Any], **options: Any
) -> Iterator[tuple[FakePodman, PodmanManager]]:
    """A manager and the engine that it talks to, which gives these answers (and knows itself)."""
    with (
        FakePodman(directory, {"GET info": (200, INFO), **answers}).serving() as fake,
        PodmanManager(fake.address, **options) as manager,
    ):
        yield fake, manager


class Late:
    """An answer that does not come before the test is over."""

    def __init__(self) -> None:
        self.over = threading.Event()

    def __call__(self) -> tuple[int, object]:
        self.over.wait(60)
        return 200, b""


def test_the_check_describes_the_engine(tmp_path: Path) -> None:
    with talking(tmp_path, {}) as (_, manager):
        info = manager.check()
    assert (info.name, info.version, info.runtime, info.rootless) == ("podman", "4.3.1", "runc", False)


@pytest.mark.parametrize("version", ["4.2.0", "3.4.4", "4.2.1-dev"])
def test_an_engine_that_is_too_old_is_refused(tmp_path: Path, version: str) -> None:
    info = {**INFO, "version": {"Version": version}}
    expected = rf"podman {version} is too old: install podman 4\.3"
    with (
        talking(tmp_path, {"GET info": (200, info)}) as (_, manager),
        pytest.raises(EngineError, match=expected),
    ):
        manager.check()


def test_nobody_at_the_socket_says_how_to_start_podman(tmp_path: Path) -> None:
    expected = r"systemctl enable --now podman\.socket"
    with PodmanManager(f"unix://{tmp_path}/sock") as manager, pytest.raises(EngineError, match=expected):
        manager.check()


def test_a_service_of_ours_is_revived_and_asked_again(tmp_path: Path) -> None:
    fake = FakePodman(tmp_path, {"GET info": (200, INFO)})
    with contextlib.ExitStack() as stack:

        def revive() -> None:
            stack.enter_context(fake.serving())

        manager = stack.enter_context(PodmanManager(fake.address, revive=revive))
        assert manager.check().version == "4.3.1"
    assert fake.requests == ["GET info"]


def test_a_question_to_a_service_that_dies_is_asked_again(tmp_path: Path) -> None:
    fake = FakePodman(tmp_path, {"GET info": (200, INFO)})
    with socket.socket(socket.AF_UNIX) as dying, contextlib.ExitStack() as stack:
        dying.bind(str(fake.path))
        dying.listen()

        def revive() -> None:
            stack.enter_context(fake.serving())

        manager = stack.enter_context(PodmanManager(fake.address, revive=revive))

        def die() -> None:
            connection, _ = dying.accept()
            fake.path.unlink()
            connection.close()

        threading.Thread(target=die).start()
        assert manager.check().version == "4.3.1"
    assert fake.requests == ["GET info"]


def test_an_order_to_a_service_that_dies_is_not_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(path))
        dying.listen()

        def die() -> None:
            dying.accept()[0].close()

        threading.Thread(target=die).start()
        with (
            PodmanManager(f"unix://{path}", revive=lambda: pytest.fail("asked again")) as manager,
            pytest.raises(EngineError, match="connection to podman was lost during POST"),
        ):
            manager.start("c")


def test_an_answer_that_does_not_come_is_a_timeout(tmp_path: Path) -> None:
    late = Late()
    with talking(tmp_path, {"GET info": late}, timeouts=EngineTimeouts(start=0.1)) as (_, manager):
        with pytest.raises(ContainerTimeout, match=r"did not answer GET info within 0\.1 s"):
            manager.check()
        late.over.set()


def test_a_refusal_carries_the_engines_words_and_a_hint(tmp_path: Path) -> None:
    message = (
        "crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2: OCI runtime error"
    )
    answers = {"POST containers/c/start": (500, {"message": message})}
    expected = r"hybrid mode not supported.*install runc"
    with talking(tmp_path, answers) as (_, manager), pytest.raises(EngineError, match=expected):
        manager.start("c")


def test_an_answer_that_is_no_json_is_an_engine_error(tmp_path: Path) -> None:
    answers = {"GET info": (200, b"<html>")}
    with talking(tmp_path, answers) as (_, manager), pytest.raises(EngineError, match="else than JSON"):
        manager.check()


def test_an_image_of_another_architecture_is_refused(tmp_path: Path) -> None:
    expected = "is for s390x, but this host runs amd64"
    answers = {FOUND: (200, image("s390x"))}
    with talking(tmp_path, answers) as (_, manager), pytest.raises(ImageError, match=expected):
        manager.ensure_image_available(IMAGE, "if-not-present")


@pytest.mark.parametrize(("policy", "pulls"), [("if-not-present", 0), ("never", 0), ("always", 1)])
def test_an_image_that_is_there_is_pulled_only_if_the_policy_says_so(
    tmp_path: Path, policy: Any, pulls: int
) -> None:
    answers = {FOUND: (200, image("amd64")), "POST images/pull": (200, b'{"images":["abc"],"id":"abc"}\n')}
    with talking(tmp_path, answers) as (fake, manager):
        assert manager.ensure_image_available(IMAGE, policy).digest == "sha256:abc"
        assert fake.requests.count("POST images/pull") == pulls


def test_a_pull_that_fails_is_an_image_error(tmp_path: Path) -> None:
    said = json.dumps({"stream": "Trying to pull"}) + "\n" + json.dumps({"error": "no such host"}) + "\n"
    answers = {"POST images/pull": (200, said.encode())}
    with talking(tmp_path, answers) as (_, manager), pytest.raises(ImageError, match="no such host"):
        manager.ensure_image_available(IMAGE, "if-not-present")


def test_a_pull_that_takes_too_long_is_an_image_error(tmp_path: Path) -> None:
    late = Late()
    with talking(tmp_path, {"POST images/pull": late}, timeouts=EngineTimeouts(pull=0.1)) as (_, manager):
        with pytest.raises(ImageError, match=r"within 0\.1 s.*pull="):
            manager.ensure_image_available(IMAGE, "if-not-present")
        late.over.set()


@pytest.mark.parametrize(
    "reference", ["..", "../containers", "a/../b", "-x", "/etc", "a b", "", "a//b", "a?b"]
)
def test_what_cannot_be_an_images_name_is_not_asked_for(tmp_path: Path, reference: str) -> None:
    with talking(tmp_path, {}) as (fake, manager):
        with pytest.raises(ImageError, match="is not an image's name"):
            manager.ensure_image_available(reference, "if-not-present")
        assert fake.requests == ["GET info"]


def test_a_container_that_is_gone_already_is_no_error(tmp_path: Path) -> None:
    with talking(tmp_path, {}) as (fake, manager):
        manager.remove("gone")
        assert fake.requests == ["GET containers/gone/json", "DELETE containers/gone"]


def test_a_name_cannot_leave_its_place_in_the_path(tmp_path: Path) -> None:
    with talking(tmp_path, {}) as (fake, manager):
        manager.remove("../images/all?force=true#")
        assert fake.requests[-1:] == ["DELETE containers/..%2Fimages%2Fall%3Fforce%3Dtrue%23"]


def test_a_host_without_control_groups_still_knows_niceness_and_rlimits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    info = {**INFO, "host": {**INFO["host"], "cgroupControllers": []}}  # type: ignore[dict-item]
    limits = ResourceLimits(pids=9, rlimits={"core": (0, 0)}).in_background()
    spec = ContainerSpec(ImageRoot("img"), ["true"], Owner("42", "builder1"), "install", limits=limits)
    answers = {"GET info": (200, info), "POST containers/create": (201, {"Id": "c"})}
    with (
        talking(tmp_path, answers) as (_, manager),
        caplog.at_level(logging.INFO, "koji_adjutant.container"),
    ):
        manager.create(spec)
    line = caplog.messages[-1].partition(": ")[2]
    assert line.endswith(" -- img nice -n 19 true")
    assert "--ulimit core=0:0" in line
    assert "--pids-limit" not in line
    assert "--cpu-shares" not in line
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "this host's control groups have no pids controller: containers run without that limit"
    ]
