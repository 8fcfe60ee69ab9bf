"""Provenance: in-toto's Statement v1 with the predicate of slsa.dev/spec/v1.0/provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from koji_adjutant.provenance.resources import SOURCE, Resource, buildroot_packages, file_resource
from koji_adjutant.provenance.run import BuildRun

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:koji-adjutant:build-type:{}:v1"
"""By the task's method; docs/reference.md says what the parameters are."""


def statement(run: BuildRun, results: Sequence[Resource], by_products: Sequence[Path]) -> dict[str, Any]:
    """Return the Statement about ``results``, those of ``run``."""
    sources = [replace(each, annotations={**each.annotations, SOURCE: True}) for each in run.sources]
    dependencies = [*sources, run.image, *(each.resource() for each in buildroot_packages(run.lock))]
    return {
        "_type": STATEMENT,
        "subject": [result.as_json() for result in results],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE.format(run.method),
                "externalParameters": dict(run.parameters),
                "internalParameters": {"isolation": dict(run.isolation), "buildroot": run.lock.key},
                "resolvedDependencies": [each.as_json() for each in dependencies],
            },
            "runDetails": {
                "builder": {"id": run.builder, "version": dict(run.versions)},
                "metadata": {
                    "invocationId": run.invocation,
                    "startedOn": _moment(run.began),
                    "finishedOn": _moment(run.ended),
                },
                "byproducts": [file_resource(path).as_json() for path in by_products],
            },
        },
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
