"""The tool image: what is in it, what its labels say, and when it is made anew."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from koji_adjutant.cli.image import command
from koji_adjutant.container.interface import ContainerSpec, ImageRoot, Owner
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.images.build import details, ensure_tool_image, tool_images
from koji_adjutant.images.proof import Proof, prove
from koji_adjutant.images.recipe import DEFAULT_REFERENCE

OWNER = Owner(task_id="local-image", worker_id="integration")


def output(engine: PodmanManager, image: str, *arguments: str) -> str:
    sink = io.BytesIO()
    assert engine.run(ContainerSpec(ImageRoot(image), arguments, OWNER, "test"), sink) == 0, sink.getvalue()
    return sink.getvalue().decode()


def test_its_labels_say_what_is_in_it(engine: PodmanManager, tool_image: str) -> None:
    image = engine.ensure_image_available(tool_image, "never")
    about = details(image)
    assert about["architecture"] == image.architecture == engine.check().architecture
    assert int(about["package_count"]) > 100
    for tool in ("rpm", "dnf", "git", "subversion", "cvs"):
        assert f"{tool} " in about["tools"]
    version = output(engine, tool_image, "rpm", "--version").split()[-1]
    assert f"rpm {version}" in about["tools"]


def test_rpm_and_dnf_mean_the_same_database(engine: PodmanManager, tool_image: str) -> None:
    evaluated = output(engine, tool_image, "rpm", "--eval", "%_dbpath").strip()
    program = "import rpm; print(rpm.expandMacro('%_dbpath'))"
    assert output(engine, tool_image, "python3", "-c", program).strip() == evaluated
    assert evaluated in ("/var/lib/rpm", "/usr/lib/sysimage/rpm")


def test_it_proves_itself_and_one_without_git_does_not(
    engine: PodmanManager, tool_image: str, poor_image: str
) -> None:
    assert prove(engine, tool_image) == Proof([], [])
    assert prove(engine, poor_image) == Proof(["it cannot run git"], [])


def test_it_holds_no_manuals(engine: PodmanManager, tool_image: str) -> None:
    assert output(engine, tool_image, "sh", "-c", "find /usr/share/man -type f | wc -l").strip() == "0"


def test_an_image_of_the_same_recipe_is_taken_as_it_is(
    engine: PodmanManager, tool_image: str, state_dir: Path
) -> None:
    said: list[str] = []
    before = engine.ensure_image_available(DEFAULT_REFERENCE, "never")
    image, made = ensure_tool_image(engine, state_dir, said.append)
    assert (made, image.digest, said) == (False, before.digest, [])


@pytest.mark.usefixtures("tool_image")
def test_the_command_line_builds_lists_and_inspects(
    engine: PodmanManager, state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOJI_ADJUTANT_STATE_DIR", str(state_dir))
    runner = CliRunner()
    built = runner.invoke(command, ["build", "--if-missing"], catch_exceptions=False)
    assert "is up to date" in built.output
    listed = runner.invoke(command, ["list"], catch_exceptions=False).output
    assert all(image.reference in listed for image in tool_images(engine))
    inspected = runner.invoke(command, ["inspect"], catch_exceptions=False).output
    assert "digest         sha256:" in inspected
    assert "tools          rpm " in inspected
