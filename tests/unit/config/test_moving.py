"""What a stock builder's administrator is told before moving."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from koji_adjutant.cli.check import command
from koji_adjutant.config.moving import BUILT_IN, OTHERWISE, WITHOUT_EFFECT
from koji_adjutant.task_adapters import PLUGINS
from tests.unit.docs.test_reference import table

STOCK = """\
[kojid]
server = http://koji.example/kojihub
topurl = http://koji.example/kojifiles
maxjobs = 4
minspace = 20000
mock_bootstrap_image = true
pluginpath = {directory}
plugins = runroot kiwi policy {more}
"""


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    (tmp_path / "kiwi.py").write_text("from __main__ import BuildImageTask\n")
    (tmp_path / "policy.py").write_text("import koji\n")
    (tmp_path / "site-defaults.cfg").write_text(
        "config_opts['macros']['%dist'] = '.x'\nconfig_opts['rpmbuild_networking'] = True\n"
    )
    return tmp_path


def told(directory: Path, more: str = "") -> Result:
    (directory / "kojid.conf").write_text(STOCK.format(directory=directory, more=more))
    words = ["--from-kojid", directory / "kojid.conf", "--site-defaults", directory / "site-defaults.cfg"]
    return CliRunner().invoke(command, list(map(str, words)))


def test_what_will_be_different(stock: Path) -> None:
    result = told(stock)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "ok    minspace: must be free in state_dir and workdir, not in mockdir",
        "warn  mock_bootstrap_image: has no effect: the tool image takes the place of mock's bootstrap",
        "ok    plugin runroot: is built in; its own file is not loaded, its configuration is heeded",
        "warn  plugin kiwi: needs parts of the stock kojid: its tasks are left to others",
        "ok    plugin policy: is loaded unchanged; no worker starts if that fails",
        "ok    site-defaults.cfg: macros are for all builds here, too: %dist",
        "warn  site-defaults.cfg: line 2: rpmbuild_networking has no effect here: builds have no "
        "network here",
        "warn  tasks: those that make images or build with Maven are refused: keep a stock builder in their "
        "channels",
    ]


def test_a_plugin_that_is_not_there(stock: Path) -> None:
    result = told(stock, "absent")
    assert result.exit_code == 1
    assert f"FAIL  plugin absent: is not in {stock}: no worker starts without it" in result.output


def test_a_plugin_that_may_forbid_something(stock: Path) -> None:
    """A worker that left it out would allow it."""
    (stock / "strict.py").write_text("from koji.plugin import callback\nfrom __main__ import BuildRoot\n")
    result = told(stock, "strict")
    assert result.exit_code == 1
    assert "FAIL  plugin strict: needs parts of the stock kojid: no worker starts" in result.output


def test_a_plugin_that_can_be_run_by_hand(stock: Path) -> None:
    (stock / "handy.py").write_text("if __name__ == '__main__':\n    print('help')\n")
    assert "ok    plugin handy: is loaded unchanged" in told(stock, "handy").output


def test_a_file_that_kojid_would_refuse_too(stock: Path) -> None:
    (stock / "kojid.conf").write_text("[kojid]\nsever = x\n")
    result = CliRunner().invoke(command, ["--from-kojid", str(stock / "kojid.conf")])
    assert result.exit_code == 1
    assert result.output.startswith("FAIL  configuration: Unknown option: ")


def test_the_reference_says_the_same() -> None:
    """It links to reasons, and says once what is so of two."""
    cells = {name: cells[-1] for name, cells in table("Options of the stock builder").items()}
    without = {name for name, cell in cells.items() if cell.startswith("**no effect**")}
    assert without == set(WITHOUT_EFFECT)
    for name, reason in WITHOUT_EFFECT.items():
        on_the_page = (
            re.sub(r" \(\[.*\]\(.*\)\)", "", cells[name]).removeprefix("**no effect**").lstrip(":, ")
        )
        assert on_the_page in (reason, "the same"), name
    assert set(OTHERWISE) <= set(cells)


def test_built_in_plugins() -> None:
    assert set(BUILT_IN) == set(PLUGINS)
