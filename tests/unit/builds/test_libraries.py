"""Libraries that are brought to tool images."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from koji_adjutant.builds.libraries import bring


def test_a_library_knows_its_version_there(tmp_path: Path) -> None:
    bring(("rpmautospec_core", "no_such_module"), tmp_path / "library")
    (found,) = metadata.distributions(path=[str(tmp_path / "library")])
    assert found.name == "rpmautospec-core"
    assert found.version == metadata.version("rpmautospec-core")
    assert (tmp_path / "library/rpmautospec_core/__init__.py").is_file()


def test_a_module_that_is_no_distribution(tmp_path: Path) -> None:
    bring(("json",), tmp_path / "library")
    assert [path.name for path in (tmp_path / "library").iterdir()] == ["json"]
