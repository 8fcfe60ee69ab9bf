"""``koji-adjutant config``: every option, its value, and where that comes from."""

from __future__ import annotations

import json

import pytest

from koji_adjutant.cli.config import command
from koji_adjutant.config import AdjutantOptions
from koji_adjutant.config.adjutant import READERS
from koji_adjutant.config.kojid import READERS as KOJID_READERS
from koji_adjutant.config.kojid import FileOptions
from koji_adjutant.config.origins import as_text
from koji_adjutant.errors import ConfigError
from tests.unit.cli.conftest import Machine

EXAMPLES = {
    "container_mounts": "/a:/b:ro /c:/d:rw:Z",
    "container_timeouts": "pull=5,start=60,stop_grace=0.5",
    "container_labels": "a=1,b=2",
    "macros": "%_smp_ncpus_max 8\n%vendor Two Words",
    "environment": "A=1\nB=two words, three",
    "build_mounts": "/a:/b:ro tag=f43-*,f44-build channel=x\n/c:/d",
    "build_devices": "/dev/kvm tag=f43-build\n/dev/fuse",
    "memory_limit": "4294967296",
    "cpu_limit": "2.5",
    "network_enabled": "false",
    "scm_home": "/etc/scm",
}


def shown(machine: Machine) -> dict[str, dict[str, str]]:
    return {option["name"]: option for option in machine.json(command)}


def test_where_values_come_from(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOJI_ADJUTANT_CACHE_SIZE", "5G")
    monkeypatch.setenv("KOJI_ADJUTANT_LOG_DIR", "/elsewhere")
    options = shown(machine)
    assert options["cache_size"]["text"] == str(5 * 2**30)
    assert options["cache_size"]["origin"] == "KOJI_ADJUTANT_CACHE_SIZE"
    # it wins over the file
    assert (options["log_dir"]["text"], options["log_dir"]["origin"]) == (
        "/elsewhere",
        "KOJI_ADJUTANT_LOG_DIR",
    )
    assert options["state_dir"]["origin"] == str(machine.config)
    assert options["pids_limit"]["origin"] == "default"
    assert (options["server"]["text"], options["server"]["origin"]) == (
        "http://hub/kojihub",
        str(machine.config),
    )
    assert (options["maxjobs"]["text"], options["maxjobs"]["origin"]) == ("10", "default")


def test_every_option_is_there(machine: Machine) -> None:
    assert set(shown(machine)) == {*KOJID_READERS, *READERS}


def test_secrets_are_masked(machine: Machine) -> None:
    secrets = (
        "user = builder\npassword = geheim1\nsmtp_pass = geheim2\nyum_proxy = http://me:geheim3@proxy:3128/\n"
    )
    machine.config.write_text(machine.config.read_text().replace("[kojid]\n", f"[kojid]\n{secrets}"))
    with machine.config.open("a") as file:
        file.write("monitoring_token = geheim4\n")
    for arguments in ([], ["--json"]):
        output = machine.run(command, *arguments).output
        assert "geheim" not in output
        assert "http://me:********@proxy:3128/" in output
    options = shown(machine)
    assert options["password"]["text"] == "********"
    assert options["allow_password_in_scm_url"]["text"] == "false"


def test_only_what_is_changed(machine: Machine) -> None:
    lines = machine.run(command, "--changed").output.splitlines()
    assert any(line.startswith("state_dir = ") for line in lines)
    assert not any(line.startswith("maxjobs") for line in lines)
    assert [line for line in lines if line.startswith("[")] == ["[kojid]", "[adjutant]"]


def test_limits_of_the_daemon_itself(machine: Machine) -> None:
    machine.config.write_text(
        machine.config.read_text().replace("[kojid]\n", "[kojid]\nrlimit_nofile = 2048 4096\n")
    )
    assert shown(machine)["RLIMIT_NOFILE"]["text"] == "2048 4096"


def test_a_plugin_list_of_the_old_name(machine: Machine) -> None:
    machine.config.write_text(
        machine.config.read_text().replace("[kojid]\n", "[kojid]\nplugins = runroot other\n")
    )
    assert shown(machine)["plugin"]["text"] == "runroot other"
    assert shown(machine)["plugin"]["origin"] == str(machine.config)


@pytest.mark.parametrize("name", sorted(READERS))
def test_a_value_s_text_is_read_as_that_value(name: str) -> None:
    values = [getattr(AdjutantOptions(), name)]
    if name in EXAMPLES:
        values.append(READERS[name](EXAMPLES[name]))
    for value in values:
        assert READERS[name](as_text(value)) == value


@pytest.mark.parametrize("name", sorted(KOJID_READERS))
def test_kojid_s_too(name: str) -> None:
    value = getattr(FileOptions(), name)
    if value is not None:
        assert KOJID_READERS[name](as_text(value)) == value


def test_a_wrong_file(machine: Machine) -> None:
    machine.config.write_text("[kojid]\nserver = x\ntopurl = y\nmaxjob = 3\n")
    result = machine.run(command)
    assert isinstance(result.exception, ConfigError)
    assert "did you mean maxjobs?" in str(result.exception)


def test_it_is_json(machine: Machine) -> None:
    (first, *_) = json.loads(machine.run(command, "--json").output)
    assert set(first) == {"section", "name", "text", "origin"}
