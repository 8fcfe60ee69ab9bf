"""What happens to files of ours: a disk, a power cut or a person does it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path


def _removed(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _emptied(path: Path) -> None:
    if path.is_dir():
        for each in path.iterdir():
            _removed(each)
    else:
        path.write_bytes(b"")


def _cut_off(path: Path) -> None:
    if path.is_dir():
        for last in sorted(path.iterdir())[-1:]:
            _removed(last)
    else:
        path.write_bytes(path.read_bytes()[:-1])


def _garbage(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(b"\xff\x00{]\n" * 9)


def _alien(path: Path) -> None:
    """What the program could have written itself, elsewhere."""
    if path.is_dir():
        (path / "alien.1").mkdir(exist_ok=True)
    else:
        path.write_text('{"an": "other"}')


def _replaced_by_directory(path: Path) -> None:
    _removed(path)
    (path / "in it").mkdir(parents=True)


DAMAGES: Mapping[str, Callable[[Path], None]] = {
    "removed": _removed,
    "emptied": _emptied,
    "cut-off": _cut_off,
    "garbage": _garbage,
    "alien": _alien,
    "a-directory": _replaced_by_directory,
}
"""By name; directories are damaged, too."""
