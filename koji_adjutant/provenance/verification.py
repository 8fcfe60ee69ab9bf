"""Finding out whether provenance shows where RPM files come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koji_adjutant.buildroot.specification.typed_json import TypedObject
from koji_adjutant.errors import ProvenanceError, SpecificationError
from koji_adjutant.provenance.envelope import PublicKey, signed_payload
from koji_adjutant.provenance.resources import SIGNED_LATER, SOURCE, Resource, rpm_resource
from koji_adjutant.provenance.statement import PREDICATE, STATEMENT

DOCUMENT_MAX = 64 << 20
"""Bytes of a file that is read as provenance; that of a buildroot of a thousand packages has half of one."""


@dataclass(frozen=True)
class Origin:
    """What a Statement says of how its subjects were made; ``sources`` are what its builder calls so.

    ``tag`` is the build tag, "" where it names none.
    """

    path: Path
    subjects: Sequence[Resource]
    sources: Sequence[Resource]
    builder: str
    invocation: str
    tag: str

    def is_of(self, file: Resource) -> bool:
        """Return whether ``file`` is one of the subjects, by name and content, perhaps signed since."""
        return any(_same(file, subject) for subject in self.subjects)


def _same(one: Resource, other: Resource) -> bool:
    def both(first: Any, second: Any) -> bool:
        return first is not None and first == second

    return one.name == other.name and (
        both(one.digest.get("sha256"), other.digest.get("sha256"))
        or both(one.annotations.get(SIGNED_LATER), other.annotations.get(SIGNED_LATER))
    )


def read_origin(path: Path, keys: Sequence[PublicKey] | None) -> Origin:
    """Read provenance: an envelope that one of ``keys`` has signed or, with None, what nobody has signed.

    ProvenanceError says what is wrong with it.
    """
    try:
        if path.stat().st_size > DOCUMENT_MAX:
            raise ProvenanceError("it is too large")
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict):
            raise ProvenanceError("it is no JSON object")
        if keys is not None:
            document = json.loads(signed_payload(document, keys))
        return _origin(path, TypedObject(document))
    except OSError as problem:
        raise ProvenanceError(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, RecursionError, SpecificationError) as problem:
        raise ProvenanceError(f"{path} is no provenance: {problem}") from problem
    except ProvenanceError as problem:
        raise ProvenanceError(f"{path} shows nothing: {problem}") from problem


def _origin(path: Path, document: TypedObject) -> Origin:
    kinds = (document.get("_type", str), document.get("predicateType", str))
    if kinds != (STATEMENT, PREDICATE):
        raise ValueError(f"it is a {kinds[0]} about {kinds[1]}, and not about SLSA provenance")
    predicate = document.object("predicate")
    definition, details = predicate.object("buildDefinition"), predicate.object("runDetails")
    used = [_resource(each) for each in definition.objects("resolvedDependencies")]
    return Origin(
        path,
        [_resource(each) for each in document.objects("subject")],
        [each for each in used if SOURCE in each.annotations],
        details.object("builder").get("id", str),
        details.object("metadata").get("invocationId", str),
        definition.object("externalParameters").get_or("tag", ""),
    )


def _resource(document: TypedObject) -> Resource:
    nothing: dict[str, Any] = {}
    return Resource(
        document.get("name", str),
        TypedObject(document.get_or("digest", nothing)).all_texts(),
        document.get_or("uri", "") or None,
        document.get_or("annotations", nothing),
    )


@dataclass(frozen=True)
class Trusted:
    """What is trusted: builds for the build ``tag``, from checkouts whose URL begins with ``source``."""

    tag: str | None = None
    source: str | None = None

    def check(self, steps: Sequence[Origin]) -> None:
        """Raise ProvenanceError if something is not."""
        if self.tag is not None and steps[0].tag != self.tag:
            raise ProvenanceError(f"its build tag was {steps[0].tag or 'none'}, not {self.tag}")
        found = [source.uri or source.name for source in steps[-1].sources]
        if self.source is not None and not any(uri.startswith(self.source) for uri in found):
            raise ProvenanceError(
                f"as far as the provenance given goes it is from {', '.join(found) or 'nothing'}, not from "
                f"{self.source}…"
            )


def origin_of(file: Path, origins: Sequence[Origin], trusted: Trusted) -> list[Origin]:
    """Return how a file was made, and how the source package was that it was made of, as far as is known.

    ProvenanceError if none of ``origins`` is about it, or not what is expected; SourceError if it is no RPM.
    """
    steps = list(_steps(rpm_resource(file), origins))
    if not steps:
        raise ProvenanceError("no provenance given is about a package of this name and content")
    trusted.check(steps)
    return steps


def _steps(file: Resource, origins: Sequence[Origin]) -> Iterator[Origin]:
    left = list(origins)
    wanted = [file]
    while step := next((origin for origin in left if any(map(origin.is_of, wanted))), None):
        yield step
        left.remove(step)
        wanted = list(step.sources)
