"""``koji-adjutant cache`` over a cache that a test has filled."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from koji_adjutant.buildroot.cache.cache import Cache
from koji_adjutant.buildroot.layers.compose import Recipe
from koji_adjutant.buildroot.layers.verification import Verification
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan
from koji_adjutant.cli import cache as module
from koji_adjutant.cli import cli, main
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.events import CacheUsed
from koji_adjutant.monitoring.journal import FileJournal

BASE, LAYER, METADATA, OLD = "a" * 64, "b" * 64, f"metadata-{'c' * 64}-0123", "d" * 64
BASH = PackageFile("bash-5-1.x86_64", "sha256:aa", 2048, "build", "bash.rpm")
EVIL = PackageFile("evil-\x1b[31m-1.x86_64", "sha256:bb", 10, "build", "evil.rpm")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    cache = Cache(tmp_path)
    recipes = {
        OLD: {"made": "by an earlier version"},
        METADATA: None,
        BASE: Recipe(None, Plan((BASH,)), {}, "sha256:1", False).as_json(),
        LAYER: Recipe(BASE, Plan((EVIL,), ("sed-4-1.x86_64",)), {}, "sha256:1", False).as_json(),
    }
    for age, (key, recipe) in enumerate(recipes.items()):

        def compose(staging: Path, recipe: Any = recipe) -> None:
            (staging / "file").write_bytes(b"x" * 100_000)
            if recipe:
                (staging / "recipe.json").write_text(json.dumps(recipe))

        with cache.store.lease(key, compose):
            pass
        os.utime(tmp_path / "roots" / "locks" / f"{key}.use", (1000 + age, 1000 + age))
    return cache


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["cache", "--state-dir", str(tmp_path), *words], catch_exceptions=False)


def test_list(cache: Cache, tmp_path: Path) -> None:
    with cache.store.lease(LAYER, lambda _staging: None):
        lines = run(tmp_path, "list").output.splitlines()
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["b" * 9, "layer"],
        ["a" * 9, "root"],
        [f"metadata-{'c' * 9}", "metadata"],
        ["d" * 9, "old"],
    ]
    assert lines[1].rstrip().endswith("now")
    assert "4 entries" in lines[-1]


def test_list_shows_what_was_found_damaged(cache: Cache, tmp_path: Path) -> None:
    (cache.store.entry(BASE) / "file").unlink()
    with cache.store.lease(BASE, lambda _staging: None):
        pass
    lines = run(tmp_path, "list").output.splitlines()
    (titles,) = (number for number, line in enumerate(lines) if line.startswith("damaged"))
    assert lines[titles + 1].split()[0] == BASE[:9]
    assert "file: gone" in lines[titles + 1]


def test_sizes_add_up_with_du(cache: Cache, tmp_path: Path) -> None:
    entries = json.loads(run(tmp_path, "list", "--json").output)
    listed = sum(entry["size"] for entry in entries)
    counted = subprocess.run(
        ["du", "-s", "--block-size=1", *(cache.store.entry(entry["key"]) / "file" for entry in entries)],
        capture_output=True,
        text=True,
        check=True,
    )
    files = sum(int(line.split()[0]) for line in counted.stdout.splitlines())
    # directories and our own notes come to a few blocks an entry
    assert files <= listed <= files + len(entries) * 16384


def test_show_takes_the_beginning_of_a_key(cache: Cache, tmp_path: Path) -> None:
    output = run(tmp_path, "show", "bb").output
    assert BASE in output
    assert "sed-4-1.x86_64" in output
    assert "removed" in output
    assert "\x1b" not in output
    assert METADATA in "".join(run(tmp_path, "show", "metadata").output.split())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "0"), 1, "The cache has no entry '0'"),
        (("show", ""), 2, "is the beginning of 4 keys"),
        (("prune", "--size", "plenty"), 2, "--size"),
    ],
)
def test_mistakes(
    cache: Cache,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["cache", "--state-dir", str(tmp_path), *words])
    assert ended.value.code == code
    assert said in capsys.readouterr().err


def test_there_is_no_cache(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["cache", "--state-dir", str(tmp_path / "nowhere"), "list"])
    assert "There is no cache in" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_prune(cache: Cache, tmp_path: Path) -> None:
    assert "kept" in run(tmp_path, "prune", "--size", "250K").output
    assert [usage.key for usage in cache.store.usages()] == [BASE, LAYER]
    with cache.store.lease(LAYER, lambda _staging: None):
        run(tmp_path, "prune", "--all")
        assert [usage.key for usage in cache.store.usages()] == [LAYER]


def test_stats_with_hit_rates_of_the_journal(cache: Cache, tmp_path: Path) -> None:
    database.prepare(tmp_path / database.NAME)
    journal = FileJournal(tmp_path / database.NAME)
    for hit in (True, True, True, False):
        journal.record(CacheUsed(task_id=1, kind="buildrequires", key="x", hit=hit))
    journal.close()
    found = json.loads(run(tmp_path, "stats", "--json").output)
    assert found["layer"]["entries"] == 1
    assert (found["layer"]["hits"], found["layer"]["misses"]) == (3, 1)
    assert "75%" in run(tmp_path, "stats").output


def test_verify_tells_and_removes(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def workspace(_place: object) -> Iterator[object]:
        yield SimpleNamespace(resultdir=tmp_path)

    def verify(_workspace: object, key: str, _log: object) -> list[Verification]:
        different = ["usr/bin/\x1bx: another content"] if key == LAYER else []
        return [Verification(key, 7, differences=different)]

    monkeypatch.setattr(module, "_workspace", workspace)
    monkeypatch.setattr(module, "verify", verify)
    assert f"{BASE}: equal, 7 files" in run(tmp_path, "verify", BASE).output
    with pytest.raises(SystemExit) as ended:
        main(["cache", "--state-dir", str(tmp_path), "verify", "--remove"])
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert f"{LAYER}: DIFFERENT" in said.out
    assert "usr/bin/\\x1bx: another content" in said.out
    assert "1 entries are not what they should be" in said.err
    assert not cache.store.has(LAYER)
    assert cache.store.has(BASE)
