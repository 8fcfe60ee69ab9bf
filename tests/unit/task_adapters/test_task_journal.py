"""What a task tells the journal of its containers."""

from __future__ import annotations

import pytest

from koji_adjutant.container.interface import ContainerSpec, Image, ImageRoot, Owner
from koji_adjutant.monitoring.events import ContainerCreated, NoJournal
from koji_adjutant.task_adapters.task_journal import TaskJournal


def test_an_image_by_the_name_that_people_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its containers run from the id."""
    journal = NoJournal()
    recorded: list[object] = []
    monkeypatch.setattr(journal, "record", recorded.append)
    task = TaskJournal(journal, 7)
    task.image_resolved(Image("tools:1", "abc", "sha256:1", "amd64", {}))
    task.created("c1", "name", ContainerSpec(ImageRoot("abc"), ["true"], Owner("7", "worker"), "test"))
    (created,) = [event for event in recorded if isinstance(event, ContainerCreated)]
    assert (created.image, created.image_digest) == ("tools:1", "sha256:1")
