"""``python -m tests.distribution [--output DIR] [--force]``: make the distribution and print where it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.distribution.build import build, default_output
from tests.distribution.run import DistributionError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.distribution", description=__doc__)
    parser.add_argument("--output", type=Path, default=default_output(), metavar="DIR")
    parser.add_argument("--force", action="store_true", help="convert every package again")
    arguments = parser.parse_args()
    try:
        repo = build(arguments.output, force=arguments.force, say=lambda line: print(line, file=sys.stderr))
    except DistributionError as error:
        print(f"distribution: {error}", file=sys.stderr)
        return 1
    print(repo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
