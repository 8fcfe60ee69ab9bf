"""What the policy has to know of the hub, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from koji_adjutant.policy.reading import KEY, read_policy
from koji_adjutant.policy.rules import Policy


@dataclass(frozen=True)
class Published:
    """A policy as the hub has it: the extra value, and the tag that it is set on."""

    value: object
    tag: str

    def read(self) -> Policy:
        """Read the policy. Raises PolicyError if it cannot be used."""
        return read_policy(self.value, f"{KEY} of tag {self.tag}")


class PolicyLookup(Protocol):
    """Asks the hub."""

    def __call__(self, tag: str) -> Published | None:
        """Return the policy that holds for a tag: its own, else the nearest that it inherits.

        Raises HubError if the hub does not answer.
        """
        ...
