"""``python -m tests.bench [--quick] [--results DIR]``: measure, and write JSON, a table and a picture."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from koji_adjutant.errors import AdjutantError
from tests.bench.command import RESULTS, default_state, name_of_results, say
from tests.bench.errors import BenchError
from tests.bench.machine import describe
from tests.bench.mock import find_mock
from tests.bench.plan import FULL, QUICK, Plan
from tests.bench.plots import draw
from tests.bench.ratios import RATIOS, aims, ratios
from tests.bench.results import Results, save
from tests.bench.run import Benchmark
from tests.bench.table import table
from tests.distribution.run import DistributionError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one package, few turns: under three minutes")
    parser.add_argument("--turns", type=int, metavar="N", help="how often each package is built by each")
    parser.add_argument("--large-turns", type=int, metavar="N", help="the same in the large root; 0: not")
    parser.add_argument("--state", type=Path, default=default_state(), metavar="DIR")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench: chroot and mock need root: run it as root")
    arguments.state.mkdir(parents=True, exist_ok=True)
    started = time.strftime("%Y-%m-%d %H:%M")
    try:
        mock = find_mock(os.environ)
        results = Results(started, arguments.quick, describe(arguments.state, mock))
        Benchmark(_plan(arguments), arguments.state, mock, results, say).run()
    except (BenchError, DistributionError, AdjutantError) as error:
        sys.exit(f"bench: {error}")
    name = name_of_results(*(["quick"] if arguments.quick else []))
    conclusions = {
        "ratios": ratios(results),
        "definitions": RATIOS,
        "aims": [asdict(aim) | {"met": aim.met} for aim in aims(results)],
    }
    path = save(arguments.results, name, results, conclusions)
    text = table(results)
    path.with_suffix(".md").write_text(text)
    pictures = draw(results, path)
    print(text)
    say(f"written: {', '.join(map(str, (path, path.with_suffix('.md'), *pictures)))}")
    return 0


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = QUICK if arguments.quick else FULL
    wanted = {"turns": arguments.turns, "large_turns": arguments.large_turns}
    return replace(plan, **{name: value for name, value in wanted.items() if value is not None})


if __name__ == "__main__":
    sys.exit(main())
