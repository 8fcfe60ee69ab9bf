from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import koji
import koji.util
import pytest

from koji_adjutant.config import Settings, load
from koji_adjutant.config.limits import task_limits
from koji_adjutant.container.interface import EngineTimeouts, ResourceLimits, VolumeMount
from koji_adjutant.errors import ConfigError

REQUIRED = "server = http://hub/kojihub\ntopurl = http://hub/kojifiles\n"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "kojid.conf"


def loaded(conf: Path, kojid: str = "", adjutant: str = "", **arguments: Any) -> Settings:
    conf.write_text(f"[kojid]\n{REQUIRED}{kojid}\n[adjutant]\n{adjutant}\n")
    return load(conf, **({"environ": {}} | arguments))


def test_defaults_are_those_of_the_stock_builder(conf: Path) -> None:
    stock = json.loads(Path(__file__).with_name("stock_options.json").read_text())
    options = vars(loaded(conf).kojid)
    file = {"server": "http://hub/kojihub", "topurl": "http://hub/kojifiles"}
    certificates = {"cert": options["cert"], "serverca": options["serverca"]}  # the host may have them
    assert {name: options[name] for name in stock} == stock | file | certificates


def test_values_have_the_stock_types(conf: Path) -> None:
    options = loaded(
        conf,
        "sleeptime = 3\nuse_createrepo_c = no\nplugins = runroot save_failed_tree\n"
        "rlimit_nofile = 4096 8192\nallowed_scms = git.example.org:/*:no:make,sources\nyum_proxy=http://p:3128",
    ).kojid
    assert (options.sleeptime, options.use_createrepo_c) == (3, False)
    assert options.plugin == ["runroot", "save_failed_tree"]
    assert options.allowed_scms == "git.example.org:/*:no:make,sources"
    assert vars(options)["RLIMIT_NOFILE"] == "4096 8192"


def test_percent_signs_and_several_topurls_are_taken_as_they_are(conf: Path) -> None:
    conf.write_text(
        "[kojid]\nserver=http://hub/kojihub\ntopurl=http://a/kojifiles http://b/kojifiles\n"
        "host_principal_format = host/%s@CORP\n"
    )
    options = load(conf, {}).kojid
    assert options.topurl == "http://a/kojifiles"
    assert options.topurls == ["http://a/kojifiles", "http://b/kojifiles"]
    assert options.host_principal_format % "b1" == "host/b1@CORP"


def test_koji_makes_session_options_of_it(conf: Path) -> None:
    options = loaded(conf, "user = builder\npassword = s3cret\nmax_retries = 7").kojid
    session = koji.grab_session_options(options)
    assert (session["user"], session["password"], session["max_retries"]) == ("builder", "s3cret", 7)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[kojid]\nsleptime = 3",
            "Unknown option: the option 'sleptime' in section [kojid] of {path}; did you mean sleeptime?",
        ),
        (
            "[adjutant]\nmemory_limt = 4G",
            "Unknown option: the option 'memory_limt' in section [adjutant] of {path}; "
            "did you mean memory_limit?",
        ),
        (
            "[adjutant]\nbuildroot_enabled = true",
            "Unknown option: the option 'buildroot_enabled' in section [adjutant] of {path}; "
            "remove it: every task that builds has a buildroot.",
        ),
        ("[adjutent]\n", "Unknown section: the section 'adjutent' of {path}; did you mean adjutant?"),
        (
            "[kojid]\nmaxjobs = many",
            "The option maxjobs in section [kojid] of {path} must be a valid integer, not 'many'.",
        ),
        (
            "[kojid]\noffline_retry = perhaps",
            "The option offline_retry in section [kojid] of {path} must be true or false, not 'perhaps'.",
        ),
        (
            "[adjutant]\nimage_pull_policy = sometimes",
            "The option image_pull_policy in section [adjutant] of {path} "
            "must be one of if-not-present, always, never, not 'sometimes'.",
        ),
        (
            "[adjutant]\ncontainer_timeouts = pul=3",
            "The option container_timeouts in section [adjutant] of {path} "
            "knows only pull, start, stop_grace, not 'pul=3'.",
        ),
        (
            "[kojid]\nsleeptime = -1",
            "The option sleeptime in section [kojid] of {path} must be 0 or greater, not '-1'.",
        ),
        (
            "[kojid]\ntimeout = 0",
            "The option timeout in section [kojid] of {path} must be greater than 0, not '0'.",
        ),
        (
            "[kojid]\nmaxjobs = 10000000000",
            "The option maxjobs in section [kojid] of {path} must be a valid integer of up to 2147483647, "
            "not '10000000000'.",
        ),
        (
            "[kojid]\nworkdir = /var\0/tmp",
            "The option workdir in section [kojid] of {path} has a NUL character in it.",
        ),
        (
            "[adjutant]\nscm_home = ~nobody-of-this-name",
            "The option scm_home in section [adjutant] of {path} must be an absolute path, or ~ with a user "
            "that there is, not '~nobody-of-this-name'.",
        ),
        (
            "[kojid]\nserver=http://u:secret@[::1/kojihub\ntopurl=http://hub/kojifiles",
            "The server option in section [kojid] of {path} is no URL: its host is malformed.",
        ),
        (
            "[kojid]\ntopurl=http://hub/kojifiles",
            "The server option is required: set it in section [kojid] of {path}.",
        ),
        (
            "[kojid]\nserver=http://hub/kojihub",
            "The topurl option is required: set it in section [kojid] of {path}.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(conf: Path, text: str, sentence: str) -> None:
    conf.write_text(text)
    with pytest.raises(ConfigError) as failure:
        load(conf, {})
    assert str(failure.value) == sentence.format(path=conf)


def test_a_file_that_is_no_configuration(conf: Path) -> None:
    conf.write_text("server = without a section\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(conf, {})


def test_adjutant_values(conf: Path) -> None:
    options = loaded(
        conf,
        adjutant="memory_limit = 4G\ncpu_limit = 1.5\npids_limit = 99\nstrict_spec_tags = yes\n"
        "container_mounts = /etc/pki:/etc/pki:ro:z /srv/cache:/cache:rw\n"
        "container_labels = team=build,site=brno\ncontainer_timeouts = pull=30\n"
        "network_mode = host\nstate_dir = /srv/adjutant",
    ).adjutant
    assert task_limits(options, maxjobs=10) == ResourceLimits(4 * 1024**3, 1.5, 99)
    assert options.container_mounts == (
        VolumeMount(Path("/etc/pki"), PurePosixPath("/etc/pki"), True, "z"),
        VolumeMount(Path("/srv/cache"), PurePosixPath("/cache"), False, ""),
    )
    assert options.container_labels == {"team": "build", "site": "brno"}
    assert options.container_timeouts == EngineTimeouts(pull=30, start=60, stop_grace=10)
    assert (options.task_network, options.state_dir) == ("host", Path("/srv/adjutant"))


def test_no_network_means_none_whatever_the_mode(conf: Path) -> None:
    assert loaded(conf, adjutant="network_enabled = off\nnetwork_mode = host").adjutant.task_network == "none"


def test_timeouts_that_are_not_given_are_the_engine_s(conf: Path) -> None:
    assert loaded(conf).adjutant.container_timeouts == EngineTimeouts()


@pytest.mark.parametrize("mounts", ["/a", "/a:b:ro", "a:/b", "/a:/b:rx", "/a:/b:ro:q", "/a:/b:ro:z:more"])
def test_mounts_that_make_no_sense(conf: Path, mounts: str) -> None:
    with pytest.raises(ConfigError, match="container_mounts"):
        loaded(conf, adjutant=f"container_mounts = {mounts}")


def test_environment_wins_over_the_file(conf: Path) -> None:
    environ = {"KOJI_ADJUTANT_PIDS_LIMIT": "5", "KOJI_ADJUTANT_DEV": "/somewhere", "HOME": "/root"}
    assert loaded(conf, adjutant="pids_limit = 99", environ=environ).adjutant.pids_limit == 5


def test_a_mistake_in_the_environment_names_the_variable(conf: Path) -> None:
    with pytest.raises(ConfigError) as failure:
        loaded(conf, environ={"KOJI_ADJUTANT_PIDS_LIMITS": "5"})
    assert str(failure.value) == (
        "Unknown variable: the environment variable 'KOJI_ADJUTANT_PIDS_LIMITS'; "
        "did you mean KOJI_ADJUTANT_PIDS_LIMIT?"
    )
    with pytest.raises(
        ConfigError, match=r"'KOJI_ADJUTANT_USERNS'; remove it: the extra adjutant\.user_names"
    ):
        loaded(conf, environ={"KOJI_ADJUTANT_USERNS": "auto"})
    with pytest.raises(ConfigError, match="KOJI_ADJUTANT_PIDS_LIMIT must be a valid integer, not 'x'"):
        loaded(conf, environ={"KOJI_ADJUTANT_PIDS_LIMIT": "x"})


def test_the_command_line_wins_over_the_file(conf: Path) -> None:
    options = loaded(
        conf, "sleeptime = 3\nuser = a", overrides={"sleeptime": 1, "user": None, "force_lock": True}
    ).kojid
    assert (options.sleeptime, options.user, options.force_lock) == (1, "a", True)


def test_a_directory_is_read_as_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "10.conf").write_text("[kojid]\n" + REQUIRED + "maxjobs = 1\n")
    (tmp_path / "20.conf").write_text("[kojid]\nmaxjobs = 2\n")
    assert load(tmp_path, {}).kojid.maxjobs == 2


def test_both_sections_can_be_reached_from_the_options_that_handlers_get(conf: Path) -> None:
    settings = loaded(conf)
    assert settings.kojid.adjutant is settings.adjutant


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:9000", ("localhost", 9000)),
    ],
)
def test_where_to_be_watched(conf: Path, bind: str, address: tuple[str, int]) -> None:
    found = loaded(conf, adjutant=f"monitoring_bind = {bind}").adjutant.monitoring_bind
    assert (found, str(found)) == (address, bind)


@pytest.mark.parametrize("bind", ["8080", ":8080", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "::1:80"])
def test_nowhere_to_be_watched(conf: Path, bind: str) -> None:
    with pytest.raises(ConfigError, match=r"^The option monitoring_bind in section \[adjutant\] of \S+ must"):
        loaded(conf, adjutant=f"monitoring_bind = {bind}")


@pytest.mark.parametrize("bind", ["0.0.0.0:8080", "[::]:80", "builder.example.com:8080"])
def test_who_can_be_reached_needs_a_token(conf: Path, bind: str) -> None:
    with pytest.raises(ConfigError, match=r"set monitoring_token in section \[adjutant\]"):
        loaded(conf, adjutant=f"monitoring_bind = {bind}\nmonitoring_token =")
    found = loaded(conf, adjutant=f"monitoring_bind = {bind}\nmonitoring_token = s3cret").adjutant
    assert found.monitoring_token == "s3cret"
    assert "s3cret" not in repr(found)
    off = loaded(conf, adjutant=f"monitoring_bind = {bind}\nmonitoring_enabled = no").adjutant
    assert not off.monitoring_enabled
