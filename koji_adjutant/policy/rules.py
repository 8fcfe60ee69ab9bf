"""A policy's rules, and which of them counts for a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import koji

RuleType = Literal["tag_arch", "tag", "task_type", "default"]

CONDITIONS: Mapping[RuleType, Sequence[str]] = {
    "tag_arch": ("tag", "arch"),
    "tag": ("tag",),
    "task_type": ("task_type",),
    "default": (),
}
"""What a rule of each type asks of a task; the types that come first count first."""


@dataclass(frozen=True)
class Subject:
    """What an image is wanted for; ``task_type`` is the task's method, ``arch`` that of its buildroot."""

    tag: str
    arch: str
    task_type: str

    def value(self, condition: str) -> str:
        return normal(condition, str(getattr(self, condition)))

    def __str__(self) -> str:
        return f"{self.task_type} for {self.tag}, {self.arch}"


@dataclass(frozen=True)
class Rule:
    """``conditions`` are the values that a task must have; ``position`` counts the policy's rules from 1."""

    position: int
    type: RuleType
    conditions: Mapping[str, str]
    image: str

    def mismatch(self, subject: Subject) -> str | None:
        """Return the first condition that the task does not meet, None if it meets all."""
        return next(
            (name for name, value in self.conditions.items() if subject.value(name) != normal(name, value)),
            None,
        )

    def document(self) -> dict[str, object]:
        """Return the rule for JSON, without the image."""
        return {"position": self.position, "type": self.type, **self.conditions}

    def __str__(self) -> str:
        return f"rule {self.position} ({' '.join([self.type, *self.conditions.values()])})"


@dataclass(frozen=True)
class Policy:
    """Rules as they were written, in their order."""

    rules: Sequence[Rule]

    @property
    def by_precedence(self) -> list[Rule]:
        """tag_arch, tag, task_type, default, in whatever order they were written."""
        order = list(CONDITIONS)
        return sorted(self.rules, key=lambda rule: order.index(rule.type))

    def rule_for(self, subject: Subject) -> Rule | None:
        return next((rule for rule in self.by_precedence if rule.mismatch(subject) is None), None)


def normal(condition: str, value: str) -> str:
    """Return the value as it is compared: i686 and i386 are one arch to Koji."""
    return str(koji.canonArch(value)) if condition == "arch" else value
