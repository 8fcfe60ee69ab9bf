"""``python -m tests.bench.scale [--results DIR]``: a worker's books, and a hundred times as much in them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import requests

from koji_adjutant.buildroot.cache.cache import PACKAGES, Cache
from koji_adjutant.buildroot.cache.tidiness import GRANULARITY
from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.layers.layers import open_layers
from koji_adjutant.buildroot.resolving.resolver import Resolver
from koji_adjutant.buildroot.specification.config import TagOptions, for_repos
from koji_adjutant.buildroot.specification.plan import Wanted
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.container.engine import open_engine
from koji_adjutant.images.build import ensure_tool_image
from koji_adjutant.monitoring.web.application import application
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from tests.bench import distributions
from tests.bench.books import fill_journal, fill_packages, fill_store, layer, make_repository, record_task
from tests.bench.command import RESULTS, default_state, name_of_results, say
from tests.bench.machine import describe
from tests.bench.meter import flush
from tests.bench.stage import ARCH, Stage
from tests.bench.statistics import p50
from tests.distribution.seeds import EXTRAS
from tests.support.dashboard import served

TIMES = 9
LIMIT = 1.5
"""What the larger may cost by the smaller."""

Measure = Callable[[], object]


@dataclass(frozen=True)
class Size:
    """How much is in the books."""

    tasks: int
    layers: int
    packages: int


SMALL, LARGE = Size(1000, 20, 200), Size(100_000, 2000, 20_000)


@contextmanager
def books(state: Path, directory: Path, size: Size) -> Iterator[dict[str, Measure]]:
    """What is measured, by what it is called."""
    with ExitStack() as life:
        yield {
            **life.enter_context(_journal(directory, size)),
            **_store(directory, size),
            **life.enter_context(_resolver(state, directory, size)),
        }


@contextmanager
def _journal(directory: Path, size: Size) -> Iterator[dict[str, Measure]]:
    say(f"a journal of {size.tasks} tasks")
    journal = fill_journal(directory, size.tasks)
    # what the server knows of the cache it learns beside its answers
    sources = Sources(journal.path, list, lambda: CacheSize(0, 0, 0), [directory])
    numbers = count(size.tasks)
    with served(application(sources)) as url, requests.Session() as session:

        def page(path: str) -> None:
            session.get(url + path, timeout=60).raise_for_status()

        yield {
            "status page": partial(page, "/"),
            "status page, failed tasks": partial(page, "/?status=failed"),
            "tasks of one package": partial(page, "/api/v1/tasks?search=package-77"),
            "one task": partial(page, f"/tasks/{size.tasks // 2}"),
            "/api/v1/status": partial(page, "/api/v1/status"),
            "/metrics": partial(page, "/metrics"),
            "recording a task": lambda: record_task(journal, next(numbers), time.time()),
            "forgetting old tasks, of which there are none": lambda: journal.prune(0, 0),
        }
    journal.close()


def _store(directory: Path, size: Size) -> dict[str, Measure]:
    say(f"a store of {size.layers} layers")
    cache = Cache(directory / "cache-of-many")
    fill_store(cache.store, size.layers)
    fill_packages(directory / "cache-of-many" / PACKAGES, size.packages)
    leave_alone = 1 << 60

    def lease() -> None:
        with cache.store.lease(layer(size.layers // 2), lambda _staging: None):
            pass

    def tidy() -> None:
        cache.tidy(leave_alone, seal=True)

    def tidy_after_a_change() -> None:
        cache.store.remove(layer(next(removed)))
        cache.tidy(leave_alone, seal=True)

    removed = count()
    tidy()
    time.sleep(GRANULARITY)
    tidy()
    return {
        "leasing a layer": lease,
        "gc, nothing having come or gone": tidy,
        "gc, one layer being gone": tidy_after_a_change,
    }


@contextmanager
def _resolver(state: Path, directory: Path, size: Size) -> Iterator[dict[str, Measure]]:
    say(f"a repository of {size.packages} packages")
    repository = make_repository(directory / "repository", size.packages)
    with ExitStack() as life:
        engine = life.enter_context(open_engine(AdjutantOptions(state_dir=state / "state")))
        image, _made = ensure_tool_image(engine, state / "state", say)
        usual = distributions.usual(state, say)
        stage = Stage(state / "state", image.reference, directory, usual)
        urls = [str(usual.repo), str(repository)]
        config = for_repos(urls, ARCH, "build", network=False, options=TagOptions())
        log = life.enter_context((directory / "resolver.log").open("wb"))
        workspace = partial(stage.workspace, engine, directory / "cache")
        layers = life.enter_context(open_layers(workspace(stage.directory("root")), config, log))
        dbpath, numbers = layers.installed().dbpath, count()

        def resolve(number: int) -> None:
            resolver = Resolver(workspace(stage.directory("resolve")), config, image.digest, log)
            # no two numbers ask for the same
            names = [name for place, name in enumerate(EXTRAS) if (number + 1) >> place & 1]
            wanted = Wanted(packages=names)
            resolver.resolve(layers.key, layers.lowers, dbpath, wanted)

        yield {
            "resolving what is new": lambda: resolve(next(numbers)),
            "resolving what is remembered": partial(resolve, 0),
        }


def measured(state: Path, directory: Path) -> dict[str, tuple[float, float]]:
    """Seconds, medians, with little and with much in the books; both take turns."""
    seconds: dict[str, tuple[list[float], list[float]]] = {}
    with ExitStack() as life:
        both = []
        for name, size in (("small", SMALL), ("large", LARGE)):
            (directory / name).mkdir()
            both.append(life.enter_context(books(state, directory / name, size)))
        flush(directory)
        for what in both[0]:
            say(what)
            seconds[what] = ([], [])
            for turn in range(TIMES + 1):
                for kept, one in zip(seconds[what], both, strict=True):
                    started = time.monotonic()
                    one[what]()
                    if turn:  # the first finds nothing in memory
                        kept.append(time.monotonic() - started)
    return {what: (p50(small), p50(large)) for what, (small, large) in seconds.items()}


def table(found: dict[str, tuple[float, float]], machine: dict[str, object]) -> str:
    head = [
        "# A hundred times as much in the books",
        "",
        f"{machine['processors']} processors ({machine['processor']}), {machine['system']}, commit "
        f"{machine['commit']}. Milliseconds, medians of {TIMES}; at most {LIMIT} is the aim.",
        "",
        f"| | {_words(SMALL)} | {_words(LARGE)} | ratio |",
        "| --- | --- | --- | --- |",
    ]
    rows = [
        f"| {what} | {small * 1000:.2f} | {large * 1000:.2f} | {large / small:.2f} |"
        for what, (small, large) in found.items()
    ]
    return "\n".join([*head, *rows, ""])


def _words(size: Size) -> str:
    return f"{size.tasks:,} tasks, {size.layers:,} layers, {size.packages:,} packages"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--state", type=Path, default=default_state(), metavar="DIR")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        sys.exit("bench: containers need root: run it as root")
    directory = options.state / "bench-scale"
    remove_tree(directory)
    directory.mkdir(parents=True)
    found = measured(options.state, directory)
    remove_tree(directory)
    machine = describe(options.state, None)
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{name_of_results('scale')}.json"
    path.write_text(json.dumps({"machine": machine, "seconds": found}, indent=1) + "\n")
    text = table(found, machine)
    path.with_suffix(".md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
