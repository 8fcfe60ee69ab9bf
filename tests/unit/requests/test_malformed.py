"""What is wrong with a request, said in one sentence, with the fault that a stock builder or the hub has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import AdjutantError
from koji_adjutant.hub.task_handler import TaskHandler
from koji_adjutant.task_adapters.giving_back import may_pass
from tests.support.recipes import Recipes
from tests.support.requests import BUILD, DIST_REPO, REQUESTS, SRPM, URL, run_task, served, task_of
from tests.support.scripted_hub import TARGET, ScriptedHub

PARAMETER, BUILD_FAULT = koji.ParameterError.faultCode, koji.BuildError.faultCode
SOURCE = "The source package {} is not a path below the hub's work directory."

SIGNATURES: list[tuple[str, list[Any], str]] = [
    ("build", [], "missing a required argument: 'src'; it takes src, target, opts"),
    (
        "buildArch",
        [SRPM, 2],
        "missing a required argument: 'arch'; it takes pkg, root, arch, keep_srpm, opts",
    ),
    ("createrepo", [7, "x86_64", None, 1], "too many positional arguments; it takes repo_id, arch, oldrepo"),
    (
        "newRepo",
        [1, {"__starstar": True, "on": 5}],
        "got an unexpected keyword argument 'on'; it takes tag, event, src, debuginfo, separate_src, opts",
    ),
    (
        "tagBuild",
        [1, 2, {"__starstar": True, "tag_id": 5}],
        "multiple values for argument 'tag_id'; it takes tag_id, build_id, force, fromtag, ignore_success",
    ),
    ("sleep", [], "missing a required argument: 'n'; it takes n"),
    ("waitrepo", [], "missing a required argument: 'tag'; it takes tag, newer_than, nvrs, min_event"),
]
"""Method, request, what is wrong with how many arguments there are or what they are called."""

ARGUMENTS: list[tuple[str, list[Any], str]] = [
    ("build", [7, "f39"], "src must be text, not an integer"),
    ("build", [[SRPM], "f39"], "src must be text, not a list"),
    ("build", [SRPM, {}], "target must be an integer or text or nothing, not an object"),
    ("build", [SRPM, "f39", "scratch"], "opts must be an object or nothing, not text"),
    ("build", [SRPM, "f39", {"repo_id": "7"}], "opts['repo_id'] must be an integer or nothing, not text"),
    (
        "build",
        [SRPM, "f39", {"repo_id": True}],
        "opts['repo_id'] must be an integer or nothing, not true or false",
    ),
    (
        "build",
        [SRPM, "f39", {"scratch": "yes"}],
        "opts['scratch'] must be true or false or nothing, not text",
    ),
    (
        "build",
        [SRPM, "f39", {"wait_builds": "a-1-1"}],
        "opts['wait_builds'] must be a list or nothing, not text",
    ),
    ("build", [SRPM, "f39", {"wait_builds": [1]}], "opts['wait_builds'][0] must be text, not an integer"),
    ("buildArch", [None, 2, "x86_64", True], "pkg must be text, not nothing"),
    ("buildArch", [SRPM, 2.5, "x86_64", True], "root must be an integer or text or an object, not a number"),
    ("buildNotification", ["a@example.org", BUILD, TARGET, ""], "recipients must be a list, not text"),
    ("buildNotification", [[], {"id": 1}, TARGET, ""], "build has no 'name'"),
    (
        "buildNotification",
        [[], BUILD | {"state": 99}, TARGET, ""],
        "build['state'] must be a state of builds, not 99",
    ),
    (
        "buildNotification",
        [[], BUILD | {"creation_ts": float("inf")}, TARGET, ""],
        "build['creation_ts'] must be seconds since 1970, not inf",
    ),
    ("buildSRPMFromSCM", [["git"], 2], "url must be text, not a list"),
    ("chainbuild", [URL, "f39"], "srcs must be a list, not text"),
    ("chainbuild", [[URL], "f39"], "srcs[0] must be a list, not text"),
    ("chainbuild", [[[URL], [None]], "f39"], "srcs[1][0] must be text, not nothing"),
    ("createdistrepo", ["f39", 7, "x86_64", "aaaa", DIST_REPO], "keys must be a list, not text"),
    ("createdistrepo", ["f39", 7, "x86_64", [], {}], "opts has no 'allow_missing_signatures'"),
    ("createrepo", [7, "x86_64", {"state": 1}], "oldrepo has no 'id'"),
    ("distRepo", ["f39", 7, [], {}], "task_opts has no 'arch'"),
    ("rebuildSRPM", [SRPM, 2, []], "opts must be an object or nothing, not a list"),
    ("runroot", ["f39-build", "x86_64", 5], "command must be text or a list, not an integer"),
    (
        "runroot",
        ["f39-build", "x86_64", "ls", {"__starstar": True, "weight": float("nan")}],
        "weight must be a weight like 2.0, not nan",
    ),
    ("saveFailedTree", ["../11"], "buildrootID must be an integer, not text"),
    ("tagNotification", [None, True, 1, None, 33, 3], "recipients must be a list, not nothing"),
    ("wrapperRPM", [URL, "f39", BUILD, None], "build_target must be an object, not text"),
    ("wrapperRPM", [URL, {"id": 1}, BUILD, None], "build_target has no 'name'"),
    (
        "dependantTask",
        [[], [["sleep"]]],
        "task_list[0] must be a method, its arguments and, if wanted, options, not ['sleep']",
    ),
    ("fork", [10**6], "n must be up to 1000 processes, not 1000000"),
    ("restart", [None], "host must be an object, not nothing"),
    ("sleep", ["BAD_ARG"], "n must be a number, not text"),
    ("sleep", [-1], "n must be seconds, 0 or more, not -1"),
    ("waitrepo", ["f39-build", None, None, "soon"], "min_event must be an event or \"last\", not 'soon'"),
    # arches
    (
        "build",
        [SRPM, "f39", {"scratch": True, "arch_override": "x86_64 -rf"}],
        "opts['arch_override'] must be arches separated by spaces, not 'x86_64 -rf'",
    ),
    ("buildArch", [SRPM, 2, "-rf", True, {"repo_id": 7}], "arch must be an arch like x86_64, not '-rf'"),
    ("buildArch", [SRPM, 2, "../..", True, {"repo_id": 7}], "arch must be an arch like x86_64, not '../..'"),
    ("createrepo", [7, "x86_64\n", None], "arch must be an arch like x86_64, not 'x86_64\\n'"),
    ("createrepo", [7, "a" * 100, None], f"arch must be an arch like x86_64, not '{'a' * 40}'"),
    ("createdistrepo", ["f39", 7, "", [], DIST_REPO], "arch must be an arch like x86_64, not ''"),
    (
        "distRepo",
        ["f39", 7, [], DIST_REPO | {"arch": ["x86_64", "--help"]}],
        "task_opts['arch'][1] must be an arch like x86_64, not '--help'",
    ),
    ("runroot", ["f39-build", "x86_64;id", "ls"], "arch must be an arch like x86_64, not 'x86_64;id'"),
]
"""Method, request, what is wrong in it. Nothing is done, and all have the fault of a wrong parameter."""


def failure(
    method: str, request: list[Any], options: KojidOptions, hub: ScriptedHub | None = None
) -> koji.GenericError:
    with pytest.raises(koji.GenericError) as failed:
        run_task(task_of(method, request, hub or ScriptedHub(), options))
    return failed.value


@pytest.mark.parametrize(("method", "request_", "wrong"), SIGNATURES, ids=range(len(SIGNATURES)))
def test_arguments_that_do_not_fit(
    method: str, request_: list[Any], wrong: str, options: KojidOptions
) -> None:
    error = failure(method, request_, options)
    assert (str(error), error.faultCode) == (f"The arguments of {method} do not fit: {wrong}.", PARAMETER)


@pytest.mark.parametrize(("method", "request_", "wrong"), ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_arguments_that_are_wrong(
    method: str, request_: list[Any], wrong: str, options: KojidOptions
) -> None:
    hub = ScriptedHub()
    error = failure(method, request_, options, hub)
    assert (str(error), error.faultCode) == (f"In the arguments of {method}, {wrong}.", PARAMETER)
    assert hub.calls == []
    assert list(Path(options.workdir).iterdir()) == []


SOURCES: list[tuple[str, list[Any], str]] = [
    ("buildArch", ["/etc/passwd", 2, "x86_64", True, {"repo_id": 7}], SOURCE.format("'/etc/passwd'")),
    ("buildArch", ["a/../../x", 2, "x86_64", True, {"repo_id": 7}], SOURCE.format("'a/../../x'")),
    ("buildArch", ["a\0b", 2, "x86_64", True, {"repo_id": 7}], SOURCE.format("'a\\x00b'")),
    (
        "buildArch",
        ["é" * 200, 2, "x86_64", True, {"repo_id": 7}],
        f"SRPM file missing: no file can have a name as long as {'work/' + 'é' * 35!r}…",
    ),
    (
        "buildSRPMFromSCM",
        ["git://user:secret@[::1/hello#abc", 2, {"repo_id": 7}],
        "Unable to parse SCM URL: its host is malformed",
    ),
    (
        "build",
        [SRPM, "f39", {"custom_user_metadata": ["a"]}],
        "custom_user_metadata must be serializable to a JSON object",
    ),
    (
        "build",
        [SRPM, "f39", {"custom_user_metadata": {"at": koji.xmlrpcplus.DateTime(0)}}],
        "custom_user_metadata is not JSON serializable",
    ),
]
"""Arguments of the right types that mean nothing; the fault is that of a build that fails."""


@pytest.mark.parametrize(("method", "request_", "sentence"), SOURCES, ids=range(len(SOURCES)))
def test_sources_that_cannot_be(
    method: str, request_: list[Any], sentence: str, options: KojidOptions, recipes: Recipes
) -> None:
    error = failure(method, request_, options)
    assert (str(error), error.faultCode) == (sentence, BUILD_FAULT)


EXTRAS: list[tuple[dict[str, Any], str]] = [
    ({"mock.yum.best": "yes"}, "the tag's mock.yum.best must be 0 or 1, not 'yes'"),
    ({"mock.yum.best": None}, "the tag's mock.yum.best must be 0 or 1, not None"),
    (
        {"mock.module_setup_commands": [["enable"]]},
        "the tag's mock.module_setup_commands must be pairs of an action and modules, and ['enable'] is none",
    ),
    (
        {"mock.module_setup_commands": {"enable": "perl"}},
        "the tag's mock.module_setup_commands must be pairs of an action and modules, "
        "and {'enable': 'perl'} is none",
    ),
    ({"rpm.env.A=B": "1"}, "the tag's rpm.env.A=B cannot be a variable's name"),
    ({"rpm.env.": "1"}, "the tag's rpm.env. cannot be a variable's name"),
]


@pytest.mark.parametrize(("extra", "sentence"), EXTRAS, ids=range(len(EXTRAS)))
def test_a_tag_s_extra_that_means_nothing(
    extra: dict[str, Any], sentence: str, options: KojidOptions, recipes: Recipes
) -> None:
    """No buildroot's record is left."""
    tag = {"id": 2, "name": "f39-build", "arches": "x86_64", "extra": extra}
    hub = ScriptedHub(getBuildConfig=tag)
    error = failure("buildSRPMFromSCM", REQUESTS["buildSRPMFromSCM"], options, hub)
    assert (str(error), error.faultCode) == (sentence, koji.BuildrootError.faultCode)
    assert hub.methods("host.newBuildRoot") == []
    assert not may_pass(error)


def test_arches_of_a_tag_that_are_none(options: KojidOptions, recipes: Recipes) -> None:
    """Hubs let a tag have them."""
    tag = {"id": 2, "name": "f39-build", "arches": "-rf", "extra": {}}
    host = {"id": 1, "name": "builder1", "arches": "-rf"}
    hub = ScriptedHub(getBuildConfig=tag, host__getHost=host)
    error = failure("buildSRPMFromSCM", REQUESTS["buildSRPMFromSCM"], options, hub)
    assert (str(error), error.faultCode) == (
        "'-rf' cannot be the name of an arch",
        koji.BuildrootError.faultCode,
    )
    assert hub.methods("host.newBuildRoot") == []


HOST = {"id": 1, "name": "builder1", "arches": "ppc64le"}
WITH_CHECK = [method for method, handler in served().items() if hasattr(handler, "checkHost")]
CANNOT_SAY: Mapping[str, tuple[Callable[[list[Any]], list[Any]], dict[str, Any]]] = {
    "no arguments": (lambda _: [], {}),
    "arguments of other types": (lambda request: [None for _ in request], {}),
    "no such tag": (lambda request: request, {"getBuildConfig": koji.GenericError("No such tag: 2")}),
    "a hub that stumbles": (lambda request: request, {"getBuildConfig": koji.xmlrpcplus.Fault(1, "range")}),
}


@pytest.mark.parametrize("method", WITH_CHECK)
@pytest.mark.parametrize("case", CANNOT_SAY)
def test_a_task_is_taken_to_fail(method: str, case: str, options: KojidOptions) -> None:
    """If every host refused it, as stock builders do, it would be free for ever."""
    change, answers = CANNOT_SAY[case]
    task = task_of(method, change(REQUESTS[method]), ScriptedHub(**answers), options)
    assert task.checkHost(HOST) is True
    if case.endswith(("arguments", "types")):
        with pytest.raises(koji.ParameterError):
            run_task(task)


@pytest.mark.parametrize("method", WITH_CHECK)
def test_a_lost_session_says_nothing_of_the_task(method: str, options: KojidOptions) -> None:
    for trouble in (koji.AuthError("not logged in"), koji.ServerOffline("later")):
        task = task_of(method, REQUESTS[method], ScriptedHub(getBuildConfig=trouble), options)
        with pytest.raises(type(trouble)):
            task.checkHost(HOST)


def test_signatures_are_koji_s() -> None:
    """By position and by name: hub and clients make requests with them."""
    for method, handler in served().items():
        if issubclass(handler, TaskHandler):
            code = handler.handler.__code__
            names = [*code.co_varnames[1 : code.co_argcount]]
            assert [*koji.tasks.LEGACY_SIGNATURES[method][-1][0]] == names, method


def test_every_error_of_ours_is_a_fault() -> None:
    assert issubclass(AdjutantError, koji.GenericError)
