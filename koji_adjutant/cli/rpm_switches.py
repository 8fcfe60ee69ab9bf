"""rpmbuild's switches as mock takes them: --define, --with, --without, --nocheck, --rpmbuild-opts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.config import values
from koji_adjutant.errors import UsageError

_CONDITION = re.compile(r"\w+", re.ASCII)

_OPTIONS = (
    click.option("-D", "--define", "defines", multiple=True, metavar="'NAME VALUE'", help="An rpm macro."),
    click.option("--with", "with_", multiple=True, metavar="CONDITION", help="Switch a %bcond on."),
    click.option("--without", multiple=True, metavar="CONDITION", help="Switch a %bcond off."),
    click.option("--nocheck", is_flag=True, help="Without the package's own tests (%check)."),
    click.option("--rpmbuild-opts", metavar="OPTIONS", help="More options of rpmbuild's for the RPMs."),
)


def rpm_switches(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``defines``, ``with_``, ``without``, ``nocheck`` and ``rpmbuild_opts``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def switched(
    config: BuildrootConfig,
    *,
    defines: Sequence[str] = (),
    with_: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Sequence[str] = (),
) -> BuildrootConfig:
    """Return the configuration with macros of a command line, which win, and its options for rpmbuild.

    As macros, conditions count when a spec file's BuildRequires are asked for, too. Raises UsageError.
    """
    found: dict[str, str] = {}
    for define in defines:
        name = define.strip()
        try:
            found |= values.macros(name if name.startswith("%") else f"%{name}")
        except ValueError as problem:
            raise UsageError(f"--define takes 'NAME VALUE': it {problem}.") from None
    conditions: Mapping[str, Sequence[str]] = {"with": with_, "without": without}
    for kind, names in conditions.items():
        for name in names:
            if not _CONDITION.fullmatch(name):
                raise UsageError(f"--{kind} takes the name of a %bcond, and {name!r} is none.")
            # what rpmbuild makes of it
            found[f"%_{kind}_{name}"] = f"--{kind}-{name}"
    return replace(config, macros={**config.macros, **found}, rpmbuild_options=options)


def rpmbuild_options(nocheck: bool, text: str | None) -> list[str]:
    """Return more options for rpmbuild. Raises UsageError for quotes that are not closed."""
    try:
        words = shlex.split(text or "")
    except ValueError as problem:
        raise UsageError(f"--rpmbuild-opts {text!r} cannot be taken apart: {problem}.") from None
    return ["--nocheck", *words] if nocheck else words
