"""Which copy of each package goes into a dist repo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.task_adapters.dist_rpms import (
    Selection,
    missing_files_report,
    missing_signatures_report,
    select_rpms,
)
from tests.support.scripted_hub import ScriptedHub

BUILD = {
    "id": 5,
    "name": "hello",
    "package_name": "hello",
    "version": "1",
    "release": "1",
    "nvr": "hello-1-1",
}
BUILD |= {"volume_id": 0, "volume_name": "DEFAULT", "draft": False}
OPTS: Any = {"event": 60, "latest": True, "inherit": False}


def rpm(rpm_id: int, sigkey: str | None, arch: str = "x86_64") -> dict[str, Any]:
    row = {"id": rpm_id, "build_id": 5, "name": f"hello{rpm_id}", "version": "1", "release": "1"}
    return row | {"arch": arch, "sigkey": sigkey}


def select(*rows: dict[str, Any], keys: tuple[str, ...] = (), arch: str = "x86_64") -> Selection:
    hub = ScriptedHub(
        listTaggedRPMS=lambda _tag, **how: [[r for r in rows if r["arch"] == how["arch"]], [BUILD]]
    )
    return select_rpms(hub, "f39", arch, keys, OPTS)


def test_what_the_hub_is_asked() -> None:
    hub = ScriptedHub(listTaggedRPMS=[[], []])
    select_rpms(hub, "f39", "ppc64le", [], OPTS)
    expected = {"event": 60, "latest": True, "inherit": False, "rpmsigs": True}
    assert [(args, kwargs) for _method, args, kwargs in hub.calls] == [
        (("f39",), expected | {"arch": arch}) for arch in ("ppc64le", "noarch")
    ]


@pytest.mark.parametrize(
    ("keys", "best"),
    [
        (("aaaa", "bbbb"), "aaaa"),
        (("BBBB", "aaaa"), "bbbb"),
        (("cccc", "bbbb"), "bbbb"),
        (("cccc",), None),
        ((), None),
    ],
)
def test_the_first_of_the_keys_that_there_is_wins(keys: tuple[str, ...], best: str | None) -> None:
    selection = select(rpm(1, ""), rpm(1, "aaaa"), rpm(1, "bbbb"), keys=keys)
    assert selection.rows[1]["sigkey"] == best
    assert selection.rows[1].get("best_key") == best
    assert selection.keys == {1: ["", "aaaa", "bbbb"]}


def test_the_copy_to_use() -> None:
    selection = select(rpm(1, "aaaa"), rpm(2, ""), rpm(3, "", "noarch"), keys=("aaaa",))
    assert [
        str(selection.path(row)).removeprefix(koji.pathinfo.build(BUILD)) for row in selection.rows.values()
    ] == [
        "/data/signed/aaaa/x86_64/hello1-1-1.x86_64.rpm",
        "/x86_64/hello2-1-1.x86_64.rpm",
        "/noarch/hello3-1-1.noarch.rpm",
    ]


def test_a_package_without_any_signature_header() -> None:
    """Imported as metadata only: the hub lists it with no key at all."""
    assert [row["id"] for row in select(rpm(1, None), keys=("aaaa",)).unsigned] == [1]


def test_a_level_of_an_arch_is_one_of_its_own() -> None:
    """A distribution may be built for x86_64 and for x86_64_v2, in one tag."""
    rows = rpm(1, "", "x86_64"), rpm(2, "", "x86_64_v2"), rpm(3, "", "noarch")
    assert set(select(*rows, arch="x86_64_v2").rows) == {2, 3}
    assert set(select(*rows, arch="x86_64").rows) == {1, 3}


def test_an_unknown_arch() -> None:
    with pytest.raises(koji.GenericError, match="No dist repo can be made for the arch vax"):
        select(arch="vax")


def test_a_draft() -> None:
    hub = ScriptedHub(listTaggedRPMS=[[], [BUILD | {"draft": True}]])
    with pytest.raises(koji.BuildError, match="Draft build: hello-1-1 is not allowed"):
        select_rpms(hub, "f39", "x86_64", [], OPTS)


def test_reports() -> None:
    selection = select(rpm(2, ""), rpm(1, "bbbb"), keys=("AAAA",))
    report = missing_signatures_report(selection, ["AAAA"], skipped=True)
    assert report.splitlines() == [
        "Some rpms were missing requested signatures.",
        "The skip_missing_signatures option was specified, so these files were excluded.",
        "Requested keys: ['aaaa']",
        "",
        "# RPM name: available keys",
        "hello1-1-1.x86_64: ['bbbb']",
        "hello2-1-1.x86_64: ['']",
    ]
    assert missing_files_report([Path("/b"), Path("/a")]).endswith("Missing files:\n/a\n/b\n")
