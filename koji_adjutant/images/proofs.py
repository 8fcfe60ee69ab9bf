"""Which images have shown that they can do what a tool image is for."""

from __future__ import annotations

import logging
from pathlib import Path

from koji_adjutant.container.interface import ContainerManager, Image
from koji_adjutant.images.proof import prove

logger = logging.getLogger(__name__)

DIRECTORY = "proved-images"


class Proofs:
    """The images that have been found good, kept below ``state_dir``: what one can do does not change."""

    def __init__(self, state_dir: Path) -> None:
        self._directory = state_dir / DIRECTORY

    def has(self, image: Image) -> bool:
        """Return whether the image has shown that it is good."""
        return (self._directory / image.id).exists()

    def wrong(self, manager: ContainerManager, image: Image) -> str | None:
        """Return what is wrong with an image that the engine has, in one sentence; None if it is good.

        Raises EngineError if the engine cannot start a container.
        """
        if self.has(image):
            return None
        if problems := prove(manager, image.id).wrong:
            return f"the tool image {image.reference} cannot be used: {'; '.join(problems)}"
        self.remember(image)
        return None

    def remember(self, image: Image) -> None:
        """Remember that the image has just been proved, so ``wrong`` need not try it any more."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            (self._directory / image.id).touch()
        except OSError as problem:  # it is proved again the next time
            logger.warning("That %s is a good tool image cannot be noted: %s", image.reference, problem)
