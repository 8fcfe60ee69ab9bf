"""The files that say how results were made: provenance.json, sbom.spdx.json, provenance.intoto.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from koji_adjutant.provenance.resources import rpm_resource
from koji_adjutant.provenance.run import BuildRun
from koji_adjutant.provenance.sbom import spdx
from koji_adjutant.provenance.statement import statement

if TYPE_CHECKING:
    from koji_adjutant.provenance.envelope import Signer

PROVENANCE = "provenance.json"
SIGNED = "provenance.intoto.json"
SBOM = "sbom.spdx.json"
SOURCE_PROVENANCE = "source-provenance.json"
SOURCE_SIGNED = "source-provenance.intoto.json"
"""Of the task that made the source package, as that task wrote it."""


def write_evidence(directory: Path, run: BuildRun, signer: Signer | None) -> None:
    """Write what is known of a build into ``directory``; signed too, if there is somebody to sign it."""
    results = [rpm_resource(path) for path in run.results]
    (directory / SBOM).write_text(json.dumps(spdx(run, results), indent=1) + "\n")
    made = statement(run, results, [*run.by_products, directory / SBOM])
    (directory / PROVENANCE).write_text(json.dumps(made, indent=1) + "\n")
    if signer:
        envelope = signer.envelope(json.dumps(made, separators=(",", ":")).encode())
        (directory / SIGNED).write_text(json.dumps(envelope) + "\n")


@cache
def signer_of(key: Path) -> Signer:
    """Return who signs with the private key in a PEM file. ProvenanceError says what is wrong with it.

    Read once: a worker's tasks inherit it, whatever becomes of the file. A worker that signs nothing does
    without the 12 MiB that it takes to.
    """
    from koji_adjutant.provenance.envelope import read_signer  # noqa: PLC0415

    return read_signer(key)
