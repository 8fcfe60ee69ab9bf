"""mock's configuration of a host, read as far as it is plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from koji_adjutant.config.site_defaults import SiteDefaults, read_site_defaults
from koji_adjutant.errors import ConfigError


def read(tmp_path: Path, text: str) -> SiteDefaults:
    file = tmp_path / "site-defaults.cfg"
    file.write_text(text)
    return read_site_defaults(file)


def test_no_file_is_none(tmp_path: Path) -> None:
    assert read_site_defaults(tmp_path / "none") == SiteDefaults({}, {}, ())


PLAIN = """\
# mock's own comments
config_opts['macros']['%_smp_ncpus_max'] = 8
config_opts["macros"]["%_buildhost"] = "builder.example.com"
config_opts['macros']['vendor_bug_url'] = 'https://example.com/'
config_opts['macros'].update({'%_one': 'first', '%_two': "second"})
config_opts['environment']['LC_ALL'] = 'C.UTF-8'
config_opts['environment'].update({'MAKEFLAGS': '-O'})
"""


def test_plain_macros_and_variables_are_those_that_mock_would_have(tmp_path: Path) -> None:
    theirs: dict[str, Any] = {"config_opts": {"macros": {}, "environment": {}}}
    exec(PLAIN, theirs)  # noqa: S102 - as mock does
    found = read(tmp_path, PLAIN)
    macros = theirs["config_opts"]["macros"]
    # mock adds a % that is missing, too
    assert found.macros == {f"%{name.lstrip('%')}": str(value) for name, value in macros.items()}
    assert found.environment == theirs["config_opts"]["environment"]
    assert not found.not_heeded


def test_what_no_build_can_tell_is_not_named(tmp_path: Path) -> None:
    text = """\
config_opts['plugin_conf']['root_cache_opts']['max_age_days'] = 3
config_opts['plugin_conf']['tmpfs_enable'] = True
config_opts['plugin_conf']['sign_enable'] = False
config_opts['use_bootstrap'] = False
config_opts['nspawn_args'] = ['--private-network']
config_opts['dnf4_common_opts'] += ['--nodocs']
'a docstring'
"""
    assert read(tmp_path, text) == SiteDefaults({}, {}, ())


def test_an_assignment_of_all_forgets_what_was_before(tmp_path: Path) -> None:
    found = read(tmp_path, "config_opts['macros']['%_one'] = '1'\nconfig_opts['macros'] = {'%_two': '2'}\n")
    assert found.macros == {"%_two": "2"}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("config_opts['hostname'] = 'x'", "hostname has no effect here"),
        (
            "config_opts['plugin_conf']['bind_mount_opts']['dirs'].append(('/a', '/b'))",
            "plugin_conf.bind_mount_opts.dirs has no effect here: build_mounts in [adjutant] is for that",
        ),
        (
            "config_opts['plugin_conf']['sign_enable'] = True",
            "plugin_conf.sign_enable has no effect here: a stock builder has to do that",
        ),
        ("config_opts['files']['etc/x'] = 'text'", "files.etc/x has no effect here"),
        (
            "config_opts['macros']['%_x'] = os.getenv('X')",
            "config_opts['macros']['%_x'] has no plain value, and is not read",
        ),
        (
            "config_opts['macros']['%_x'] = '{{ target_arch }}'",
            "config_opts['macros']['%_x'] has no plain value, and is not read",
        ),
        (
            "config_opts['macros']['%_x'] = 'a\\nb'",
            "config_opts['macros']['%_x'] has no plain value, and is not read",
        ),
        (
            "config_opts['environment'] = dict(A='b')",
            "config_opts['environment'] gets no plain value, and is not read",
        ),
        ("include('/etc/mock/more.cfg')", "is no plain assignment to config_opts, and is not read"),
        ("import os", "is no plain assignment to config_opts, and is not read"),
        (
            "if True:\n    config_opts['macros']['%_x'] = '1'",
            "is no plain assignment to config_opts, and is not read",
        ),
        ("config_opts[name]['x'] = '1'", "is no plain assignment to config_opts, and is not read"),
        ("other['macros']['x'] = '1'", "is no plain assignment to config_opts, and is not read"),
    ],
)  # fmt: skip
def test_what_is_not_heeded_is_named_with_its_line(tmp_path: Path, line: str, sentence: str) -> None:
    found = read(tmp_path, f"\n{line}\nconfig_opts['macros']['%_read_all_the_same'] = '1'\n")
    assert list(found.not_heeded) == [f"line 2: {sentence}"]
    assert (found.macros, found.environment) == ({"%_read_all_the_same": "1"}, {})


def test_it_is_read_and_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    read(
        tmp_path, f"open({str(witness)!r}, 'w')\nconfig_opts['macros']['%_x'] = open({str(witness)!r}, 'w')\n"
    )
    assert not witness.exists()


@pytest.mark.parametrize("data", [b"config_opts['a' = 1", b"x = '\xff'", b"a\0b"])
def test_what_is_no_python(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "site-defaults.cfg"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=f"^The file {file} cannot be read: "):
        read_site_defaults(file)


def test_a_directory_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_site_defaults(tmp_path)
