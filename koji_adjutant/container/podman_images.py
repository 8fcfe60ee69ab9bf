"""Images in podman's storage: found, pulled, imported, listed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from koji_adjutant.container.connection import Connection, RefusedError, path_segment
from koji_adjutant.container.interface import IMAGE_NAME, LOCAL_PREFIX, EngineTimeouts, Image, PullPolicy
from koji_adjutant.errors import ContainerTimeout, EngineError, ImageError

logger = logging.getLogger("koji_adjutant.container")

NOT_FOUND = 404


class PodmanImages:
    """The image half of PodmanManager."""

    def __init__(self, connection: Connection, timeouts: EngineTimeouts) -> None:
        self._connection = connection
        self._timeouts = timeouts

    def ensure(self, reference: str, policy: PullPolicy, architecture: str) -> Image:
        """Return the image, pulled first if the policy says so.

        ``architecture`` is the engine's, in Go's names. Raises ImageError if the image is absent, or for
        another architecture.
        """
        image = self.find(reference)
        if (
            policy != "never"
            and not reference.startswith(LOCAL_PREFIX)
            and (image is None or policy == "always")
        ):
            self._pull(reference)
            image = self.find(reference)
        if image is None:
            advice = (
                "make it with `koji-adjutant image build`"
                if reference.startswith(LOCAL_PREFIX)
                else f"pull it by hand or change image_pull_policy, which is {policy}"
            )
            raise ImageError(f"the image {reference} is not in podman's storage: {advice}")
        if image.architecture != architecture:
            raise ImageError(
                f"the image {reference} is for {image.architecture}, but this host runs {architecture}: "
                "choose an image for this architecture"
            )
        return image

    def find(self, reference: str) -> Image | None:
        """Return the image of that name, or with that id; None if podman has none.

        Raises ImageError for what cannot be a name.
        """
        if not IMAGE_NAME.fullmatch(reference):
            raise ImageError(
                f"{reference!r} is not an image's name: write it like registry.example.com/tools:1"
            )
        try:
            found = self._connection.json(
                "GET", f"images/{path_segment(reference)}/json", timeout=self._timeouts.start
            )
        except RefusedError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return Image(
            reference,
            found["Id"],
            found["Digest"],
            found["Architecture"],
            found.get("Labels") or {},
            _repo_digests(reference, found),
        )

    def all(self, labels: Mapping[str, str]) -> list[Image]:
        """Return every image that has a name and carries these labels, once for each of its names."""
        names = sorted(name for image in self._listed(labels) for name in image.get("RepoTags") or ())
        return [image for name in names if (image := self.find(name)) is not None]

    def nameless(self, labels: Mapping[str, str]) -> list[str]:
        """Return the ids of images that carry these labels and have no name any more.

        They have lost it to another image, usually a newer one.
        """
        return sorted(str(image["Id"]) for image in self._listed(labels) if not image.get("RepoTags"))

    def _listed(self, labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
        filters = {"label": [f"{key}={value}" if value else key for key, value in labels.items()]}
        listed: list[Mapping[str, Any]] = self._connection.json(
            "GET", "images/json", params={"filters": filters}, timeout=self._timeouts.start
        )
        return listed

    def load_root(self, reference: str, tar: Iterable[bytes], labels: Mapping[str, str]) -> Image:
        """Make an image of one layer from a root file system's tar stream, and return it.

        ``labels`` are put on it.
        """
        changes = [f"LABEL {json.dumps(key)}={json.dumps(value)}" for key, value in sorted(labels.items())]
        self._connection.json(
            "POST",
            "images/import",
            params={"reference": reference, "changes": changes},
            data=tar,
            timeout=self._timeouts.pull,
        )
        image = self.find(reference)
        if image is None:
            raise EngineError(f"podman took the image {reference} but does not have it")
        return image

    def tag(self, reference: str, name: str) -> None:
        """Give the image a further name, which another image may have had."""
        repository, _, tag = name.rpartition(":")
        self._connection.json(
            "POST",
            f"images/{path_segment(reference)}/tag",
            params={"repo": repository, "tag": tag},
            timeout=self._timeouts.start,
        )

    def remove(self, reference: str) -> None:
        """Take the name away, and the image with it if that was its last; an absent name is no error."""
        try:
            self._connection.json("DELETE", f"images/{path_segment(reference)}", timeout=self._timeouts.start)
        except RefusedError as error:
            if error.status != NOT_FOUND:
                raise

    def _pull(self, reference: str) -> None:
        logger.info("pulling the image %s", reference)
        # quiet: the engine is silent until it is done, so that the limit for silence bounds the whole.
        params = {"reference": reference, "policy": "always", "quiet": True}
        try:
            answer = self._connection.request(
                "POST", "images/pull", params=params, timeout=self._timeouts.pull
            )
        except ContainerTimeout as error:
            raise ImageError(
                f"the image {reference} could not be pulled within {self._timeouts.pull:g} s: "
                "check the registry, or raise pull= in container_timeouts"
            ) from error
        except RefusedError as error:
            raise ImageError(f"the image {reference} could not be pulled: {error}") from error
        failures = [message for message in map(_pull_error, answer.content.splitlines()) if message]
        if failures:
            raise ImageError(f"the image {reference} could not be pulled: {failures[-1]}")


def _repo_digests(reference: str, found: Mapping[str, Any]) -> list[str]:
    """Return the names with a digest that registries know the image by, those of its own repository first.

    Only digests of the manifest that podman runs count, not those of the list that it was picked from.
    """
    repository = re.sub(r"(:[^/@]*)?(@.*)?$", "", reference)
    names = [
        name
        for name in found.get("RepoDigests") or ()
        if name.endswith(f"@{found['Digest']}") and not name.startswith(LOCAL_PREFIX)
    ]
    return sorted(names, key=lambda name: (not name.startswith(f"{repository}@"), name))


def _pull_error(line: bytes) -> str:
    report: Any = json.loads(line) if line.strip() else {}
    return str(report.get("error", ""))
