"""Fill in the release and the changelog of a spec file with rpmautospec, in a container of its own.

Reads /work/request.json: spec (its path, in a git repository), filled_in (the name that the result gets in
/work). rpmautospec is the image's own, or in /work/library. What it says is printed. Exit status: 0 or 1.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

WORK = Path("/work")
sys.path.append(str(WORK / "library"))


def main() -> int:
    request = json.loads((WORK / "request.json").read_text())
    logging.basicConfig(format="rpmautospec: %(message)s", stream=sys.stdout)
    try:
        from rpmautospec.exc import SpecParseFailure  # noqa: PLC0415 - it may not be there
        from rpmautospec.subcommands.process_distgit import do_process_distgit  # noqa: PLC0415
        from rpmautospec.version import __version__  # noqa: PLC0415
    except ImportError as error:
        print(f"rpmautospec cannot be used in this image: {error} (python3-pygit2 has what it needs)")  # noqa: T201
        return 1
    print(f"Filling in {request['spec']} with rpmautospec {__version__}", flush=True)  # noqa: T201
    try:
        do_process_distgit(request["spec"], WORK / request["filled_in"])
    except SpecParseFailure as error:
        print(error)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
