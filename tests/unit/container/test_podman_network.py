"""The network of a private service, which several processes may make at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from koji_adjutant.container import podman_client
from koji_adjutant.container.connection import Connection, RefusedError
from koji_adjutant.container.podman_network import ensure_network
from koji_adjutant.container.podman_spec import EngineTraits
from tests.unit.container.fake_podman import Answer, FakePodman

TRAITS = EngineTraits(network="ours", bridge_subnets=["10.1.0.0/24", "10.2.0.0/24"])
THERE: Answer = (204, b"")
ABSENT: Answer = (404, {"message": "no such network"})
MADE: Answer = (200, {})
REFUSED: Answer = (500, {"message": "whatever podman says"})


def in_turn(answers: Sequence[Answer]) -> Callable[[], Answer]:
    left = list(answers)
    return lambda: left.pop(0)


def asked(directory: Path, exists: Sequence[Answer], create: Sequence[Answer] = ()) -> list[str]:
    """The methods of the requests, when podman answers so."""
    answers = {"GET networks/ours/exists": in_turn(exists), "POST networks/create": in_turn(create)}
    with FakePodman(directory, answers).serving() as fake:
        connection = Connection(fake.address, lambda: podman_client.connect(fake.address), None)
        try:
            ensure_network(connection, TRAITS, 60)
        finally:
            connection.close()
    return [request.partition(" ")[0] for request in fake.requests]


def test_it_is_made_once(tmp_path: Path) -> None:
    assert asked(tmp_path, [THERE]) == ["GET"]
    assert asked(tmp_path, [ABSENT], [MADE]) == ["GET", "POST"]


def test_a_subnet_that_is_taken_gives_way_to_the_next(tmp_path: Path) -> None:
    assert asked(tmp_path, [ABSENT, ABSENT], [REFUSED, MADE]) == ["GET", "POST", "GET", "POST"]


def test_another_process_was_faster(tmp_path: Path) -> None:
    assert asked(tmp_path, [ABSENT, THERE], [REFUSED]) == ["GET", "POST", "GET"]


def test_no_subnet_is_free(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="whatever podman says"):
        asked(tmp_path, [ABSENT, ABSENT, ABSENT], [REFUSED, REFUSED])
