"""The command line of ``koji-adjutant policy``, as far as it goes without a hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from koji_adjutant.cli.policy import command
from koji_adjutant.errors import HubError, PolicyError, UsageError

POLICY = {
    "version": "1.0",
    "rules": [
        {"type": "default", "image": "registry.example.com/tools:1"},
        {"type": "tag_arch", "tag": "f39-build", "arch": "x86_64", "image": "tools:2"},
    ],
}


def run(*arguments: str | Path, text: str | None = None) -> str:
    """What is printed; our errors are raised."""
    done = CliRunner().invoke(command, [str(one) for one in arguments], input=text, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_check_shows_what_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(POLICY))
    assert run("check", file).splitlines() == [
        f"{file}: a policy of 2 rules",
        "  rule 2 (tag_arch f39-build x86_64)  tools:2",
        "  rule 1 (default)                    registry.example.com/tools:1",
    ]
    assert "a policy of 2 rules" in run("check", "-", text=json.dumps({"adjutant_image_policy": POLICY}))


def test_check_of_what_is_no_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"^<stdin>: its rules must be a list, not null$"):
        run("check", "-", text='{"version": "1.0", "rules": null}')
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="binary is not a text file"):
        run("check", tmp_path / "binary")


def test_a_hub_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "kojid.conf"
    file.write_text("[kojid]\nserver = http://127.0.0.1:1/kojihub\ntopurl = http://127.0.0.1:1/kojifiles\n")
    expected = r"^the hub could not be asked for the image policy of tag f39: .*Connection refused$"
    with pytest.raises(HubError, match=expected):
        run("resolve", "-c", file, "--tag", "f39", "--arch", "x86_64", "--task-type", "buildArch")


def test_a_task_type_that_there_is_not(tmp_path: Path) -> None:
    arguments = [
        "resolve",
        "-c",
        str(tmp_path),
        "--tag",
        "f39",
        "--arch",
        "x86_64",
        "--task-type",
        "buildarch",
    ]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert "'buildarch' is not one of" in done.output
