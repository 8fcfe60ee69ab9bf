"""Completion: each shell, with the file that is installed for it, offers what the command knows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMPLETION = Path(__file__).parents[3] / "contrib" / "completion"
BIN = Path(sys.executable).parent
ASKED = {
    "bash": """
        source "$1/bash/koji-adjutant"
        COMP_WORDS=(koji-adjutant cache pr) COMP_CWORD=2
        _koji_adjutant_completion koji-adjutant
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    # its completion can only be looked at from a terminal: what is asked is whether the function is loaded
    "zsh": """
        fpath=("$1/zsh" $fpath)
        autoload -Uz compinit _koji-adjutant && compinit -D -u
        _describe() { print -l -- "${(@P)#}" "${(@P)2}" "${(@P)3}" "${(@P)4}" }
        compadd() { print -l -- "$@" }
        words=(koji-adjutant cache pr) CURRENT=3
        _koji-adjutant
    """,
    "fish": """
        source "$argv[1]/fish/koji-adjutant.fish"
        complete --do-complete 'koji-adjutant cache pr'
    """,
}


@pytest.mark.parametrize("shell", ASKED)
def test_a_subcommand_is_offered(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed on this host")
    words = [program, "-c", ASKED[shell], *([] if shell == "fish" else [shell]), str(COMPLETION)]
    environment = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert "prune" in done.stdout
    assert done.stderr == ""
