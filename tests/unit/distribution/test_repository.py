"""Manifest, reuse and the atomic replacement of a repository."""

from __future__ import annotations

from pathlib import Path

from tests.distribution import repository
from tests.distribution.repository import Manifest


def generation(output: Path, name: str, *rpms: str) -> Path:
    staged = output / "generations" / name
    (staged / "Packages").mkdir(parents=True)
    for rpm in rpms:
        (staged / "Packages" / rpm).write_text(rpm)
    entries = [repository.entry(path, path.stem, f"key of {path.stem}") for path in staged.glob("Packages/*")]
    Manifest("inputs", ("/var/lib/apt/lists/x",), "x86_64", tuple(entries)).save(staged)
    return staged


def test_link_moves_and_one_older_generation_stays(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        link = repository.publish(generation(tmp_path, name), tmp_path)
        assert link.resolve().name == name
    assert sorted(path.name for path in (tmp_path / "generations").iterdir()) == ["three", "two"]
    assert link.readlink() == Path("generations/three"), "the directory may be moved or mounted elsewhere"


def test_leftovers_of_an_interrupted_run_go(tmp_path: Path) -> None:
    generation(tmp_path, "interrupted", "a.rpm")
    repository.publish(generation(tmp_path, "good"), tmp_path)
    assert [path.name for path in (tmp_path / "generations").iterdir()] == ["good"]


def test_manifest_round_trip(tmp_path: Path) -> None:
    repo = generation(tmp_path, "one", "a.rpm")
    manifest = Manifest.load(repo)
    assert manifest is not None
    assert (manifest.inputs, manifest.lists, manifest.arch) == ("inputs", ("/var/lib/apt/lists/x",), "x86_64")
    assert [one.key for one in manifest.packages] == ["key of a"]


def test_no_or_foreign_manifest_is_none(tmp_path: Path) -> None:
    assert Manifest.load(tmp_path) is None
    (tmp_path / repository.MANIFEST).write_text('{"inputs": ""}')
    assert Manifest.load(tmp_path) is None


def test_only_whole_rpms_are_taken_over(tmp_path: Path) -> None:
    repo = generation(tmp_path, "one", "a.rpm", "b.rpm", "c.rpm")
    manifest = Manifest.load(repo)
    assert manifest is not None
    (repo / "Packages/b.rpm").write_text("damaged")
    (repo / "Packages/c.rpm").unlink()
    rpms = manifest.rpms(repo)
    assert rpms == {"key of a": repo / "Packages/a.rpm"}
    assert repository.reuse(rpms["key of a"], tmp_path).read_text() == "a.rpm"
