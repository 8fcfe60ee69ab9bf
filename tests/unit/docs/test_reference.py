"""docs/reference.md says what the code does."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import fields
from pathlib import Path

import koji.tasks
import pytest
from prometheus_client import CollectorRegistry

import koji_adjutant
from koji_adjutant import errors
from koji_adjutant.cli import COMMANDS
from koji_adjutant.config import AdjutantOptions, KojidOptions
from koji_adjutant.config.adjutant import READERS
from koji_adjutant.config.kojid import FileOptions
from koji_adjutant.container.interface import LABEL_PREFIX
from koji_adjutant.daemon.arguments import command_line
from koji_adjutant.monitoring import database
from koji_adjutant.monitoring.durations import STAGES
from koji_adjutant.monitoring.events import WorkerSeen, WorkerStarted
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.web.application import ROUTES
from koji_adjutant.monitoring.web.metrics import Collector
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from koji_adjutant.policy.reading import read_policy
from koji_adjutant.policy.rules import CONDITIONS
from koji_adjutant.task_adapters import ADAPTERS, PLUGINS
from koji_adjutant.task_adapters.live_logs import WHOLE_FILES
from koji_adjutant.task_handlers import HANDLERS
from koji_adjutant.task_handlers.refused import REFUSED
from tests.unit.docs.option_table import option_table

STOCK_OPTIONS = json.loads((Path(__file__).parents[1] / "config" / "stock_options.json").read_text())
"""Names and defaults of kojid's get_options in koji 1.35; build_arch_can_fail and plugin have none there."""

PACKAGE = Path(koji_adjutant.__file__).parent
REFERENCE = (Path(__file__).parents[3] / "docs" / "reference.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    """The first column's word → the other columns, of the table below ``heading``."""
    section = REFERENCE.split(f"\n## {heading}\n", 1)[1].split("\n##")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows[2:]}


def test_every_command_is_listed() -> None:
    assert set(table("Commands")) == {"kojid", *(f"koji-adjutant {name}" for name in COMMANDS)}


def test_every_option_is_listed() -> None:
    assert set(table("kojid.conf")) == set(READERS)
    assert option_table() in REFERENCE, "make it anew: python -m tests.unit.docs.option_table"


@pytest.mark.parametrize("option", sorted(READERS))
def test_the_default_of(option: str) -> None:
    said = table("kojid.conf")[option][0].strip("`")
    value = getattr(AdjutantOptions(), option)
    if said:
        assert READERS[option](said) == value
    else:
        assert value in (None, (), {})


def test_every_stock_option_is_listed() -> None:
    listed = table("Options of the stock builder")
    assert set(listed) == {"RLIMIT_*", *STOCK_OPTIONS}
    assert {option.name for option in fields(FileOptions)} == set(STOCK_OPTIONS)


@pytest.mark.parametrize("option", sorted(STOCK_OPTIONS))
def test_the_stock_default_of(option: str) -> None:
    """One list of facts, in the code and on the page."""
    default = STOCK_OPTIONS[option]
    assert getattr(KojidOptions(), option) == default
    said = table("Options of the stock builder")[option][0].strip("`")
    shown = str(default).lower() if isinstance(default, bool) else str(default or "")
    assert said == ("0" if default == 0 and not isinstance(default, bool) else shown)


def test_every_option_of_kojid_s_command_line_is_listed() -> None:
    actions = command_line()._actions
    options = {", ".join(action.option_strings) for action in actions if action.dest != "help"}
    assert set(table("Command line of kojid")) == options


def test_every_tag_extra_is_listed() -> None:
    """What the code asks a tag's extra for."""
    pattern = r'"((?:mock|rpm)\.[a-z_.]+|repo\.oldrepo_hint|noarch_arches|rebuild_srpm)"'
    folders = [
        PACKAGE / name for name in ("buildroot/specification", "hub", "task_adapters", "task_handlers")
    ]
    texts = [file.read_text() for folder in folders for file in folder.glob("*.py")]
    asked = {name for text in texts for name in re.findall(pattern, text)}
    assert {"mock.releasever", "noarch_arches"} <= asked
    listed = " ".join(table("A tag's extra"))
    assert {name for name in asked if name not in listed} == set()


def test_every_failure_class_is_listed() -> None:
    assert set(table("Failure classes")) == set(errors.FailureClass)


def test_every_task_of_ours_is_listed() -> None:
    ours = [*HANDLERS, *ADAPTERS, *PLUGINS.values()]
    methods = {method for handler in ours for method in getattr(handler, "Methods", ())}
    assert set(table("Tasks")) == methods


STOCK_METHODS = {
    *("appliance", "build", "buildArch", "buildMaven", "buildNotification", "buildSRPMFromSCM", "chainbuild"),
    *("chainmaven", "createAppliance", "createDudIso", "createImage", "createKiwiImage", "createLiveCD"),
    *("createLiveMedia", "createdistrepo", "createrepo", "distRepo", "dudBuild", "image", "indirectionimage"),
    *("kiwiBuild", "livecd", "livemedia", "maven", "newRepo", "rebuildSRPM", "runroot", "saveFailedTree"),
    *("tagBuild", "tagNotification", "wrapperRPM"),
}
"""Methods of builder/kojid and of plugins/builder in koji 1.35."""


def test_every_stock_method_is_done_or_refused_with_a_reason() -> None:
    ours = [*HANDLERS, *ADAPTERS, *PLUGINS.values()]
    done = {method for handler in ours for method in getattr(handler, "Methods", ())}
    assert set(REFUSED) == STOCK_METHODS - done
    section = REFERENCE.split("\n### Tasks for a stock builder\n", 1)[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE) == list(REFUSED.items())


def test_every_task_of_the_koji_library_is_listed() -> None:
    handlers = [
        one for _name, one in inspect.getmembers(koji.tasks, inspect.isclass) if hasattr(one, "Methods")
    ]
    methods = {method for handler in handlers for method in handler.Methods}
    assert methods
    assert {method for method in methods if f"`{method}`" not in REFERENCE} == set()


def test_every_page_and_endpoint_is_listed() -> None:
    assert set(table("Monitoring")) == {route.path for route in ROUTES}


def test_every_metric_is_listed(tmp_path: Path) -> None:
    path = database.path_in(tmp_path)
    database.prepare(path)
    journal = FileJournal(path)
    journal.record(WorkerStarted())
    journal.record(WorkerSeen(capacity=1, task_load=0))
    journal.close()
    registry = CollectorRegistry()
    registry.register(Collector(Sources(path, list, lambda: CacheSize(0, 0, 0), [tmp_path])))
    samples = {"counter": "_total", "info": "_info"}
    metrics = {
        metric.name.removeprefix("koji_adjutant_") + samples.get(metric.type, "")
        for metric in registry.collect()
    }
    assert set(table("Metrics")) == metrics


def test_every_stage_is_listed() -> None:
    line = next(line for line in REFERENCE.splitlines() if line.startswith("Stages: "))
    assert set(re.findall(r"`([a-z-]+)`", line)) == {*STAGES.values(), "other"}


def test_every_exit_code_is_listed() -> None:
    codes = {
        one.exit_code
        for _name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, errors.AdjutantError)
    }
    assert {int(code) for code in table("Exit codes")} == {0, *codes}


def test_every_file_that_is_uploaded_whole_is_listed() -> None:
    assert set(WHOLE_FILES) <= set(table("Files of a task"))


def test_every_key_of_an_image_policy_is_explained() -> None:
    assert set(table("Image policy")) == {name for names in CONDITIONS.values() for name in names}
    _, example, _ = re.split(r"```(?:json)?\n", REFERENCE.split("\n## Image policy\n", 1)[1], maxsplit=2)
    assert [rule.type for rule in read_policy(example, "the example").rules] == list(CONDITIONS)


def test_labels_have_their_prefix() -> None:
    section = REFERENCE.split("\n## Labels\n", 1)[1].split("\n## ")[0]
    assert {f"{LABEL_PREFIX}{name}" for name in ("task_id", "worker_id", "role", "managed=true")} == set(
        re.findall(r"`([\w.=]+)`", section)
    )
