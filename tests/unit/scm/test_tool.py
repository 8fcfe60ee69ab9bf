"""The program of a checkout container, where no SCM is needed to try it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from koji_adjutant.scm.tool import checkout
from tests.support.trees import DEEP, LONG_NAME, bury, deep_place

__all__ = ["deep_place"]


def test_the_common_repository_is_beside_the_sources(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "trunk/a/foo").mkdir(parents=True)
    checkout.link_common(tmp_path, tmp_path / "trunk/a/foo")
    assert (tmp_path / "trunk/a/common").readlink() == Path("../../common")
    checkout.link_common(tmp_path, tmp_path / "trunk/a/foo")


def test_no_link_where_there_are_no_sources(tmp_path: Path) -> None:
    """The task then says that there is no spec file."""
    checkout.link_common(tmp_path, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_passwords_are_forgotten(tmp_path: Path) -> None:
    for file in ("foo/.git/config", "mods/bar/CVS/Root", "foo/README"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("url = https://me:secret@h/foo")
    checkout.forget("secret", tmp_path)
    assert (tmp_path / "foo/.git/config").read_text() == "url = https://me@h/foo"
    assert (tmp_path / "mods/bar/CVS/Root").read_text() == "url = https://me@h/foo"
    assert "secret" in (tmp_path / "foo/README").read_text()


def test_passwords_are_forgotten_in_a_deep_checkout(deep_place: Path) -> None:
    bury(deep_place)
    config = deep_place.joinpath(*["d"] * DEEP, ".git", "config")
    config.parent.mkdir()
    config.write_text("url = https://me:secret@h/foo")
    checkout.forget("secret", deep_place)
    assert config.read_text() == "url = https://me@h/foo"


def test_a_checkout_that_is_deeper_than_anybody_can_look_is_refused(deep_place: Path) -> None:
    bury(deep_place, LONG_NAME)
    with pytest.raises(checkout.UnfitCheckoutError, match="cannot be read: File name too long"):
        checkout.forget("secret", deep_place)


def test_a_command_that_repeats_the_password(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    command = [sys.executable, "-c", r"import os; os.write(2, b'no secret for \xff\n'); raise SystemExit(1)"]
    with pytest.raises(checkout.CheckoutCommandError) as failure:
        checkout.run([*command, "secret"], tmp_path, "secret")
    assert "secret" not in str(failure.value)
    output = capfdbinary.readouterr().out
    assert b"no *** for \xff\n" in output
    assert b"secret" not in output


def test_another_way_to_a_revision_is_tried_only_if_the_server_does_not_know_it(tmp_path: Path) -> None:
    """What fails later says why; the other way would fail too, and say something else."""
    recovery = ["touch", "recovered"]
    with pytest.raises(checkout.CheckoutCommandError, match=r"^false$"):
        checkout.bring_revision([["true"], ["false"]], recovery, tmp_path, None)
    assert not (tmp_path / "recovered").exists()
    checkout.bring_revision([["false"], ["touch", "updated"]], recovery, tmp_path, None)
    assert [path.name for path in tmp_path.iterdir()] == ["recovered"]
