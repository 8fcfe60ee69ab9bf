"""Which spec file it is, and what it may not say: kojid's rules for sources from an SCM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from koji_adjutant.errors import SpecError

TAGS = ("Packager", "Distribution", "Vendor")
"""The build system sets these; in a spec they would claim what is not so."""


@dataclass(frozen=True)
class SpecRules:
    """Where a spec file is looked for, and what it may say.

    ``support_rpm_source_layout`` is kojid's option: SPECS/ and SOURCES/ below the source directory.

    kojid means to refuse specs that set or define Packager, Distribution or Vendor, but looks only at the
    very first line, so packages that do exist and build; with ``strict_spec_tags`` they are refused.
    """

    support_rpm_source_layout: bool = True
    strict_spec_tags: bool = False


def choose_spec(candidates: Sequence[PurePosixPath], directory_name: str) -> PurePosixPath:
    """Return the one spec file, or of several the one that is called like the checkout's directory.

    Raises SpecError with kojid's sentences.
    """
    if not candidates:
        raise SpecError("No spec file found")
    if len(candidates) == 1:
        return candidates[0]
    named = [path for path in candidates if path.name == f"{directory_name}.spec"]
    if not named:
        names = sorted(str(path) for path in candidates)
        raise SpecError(f"Multiple spec files found but none is matching SCM checkout dir name: {names}")
    return named[0]


def check_spec(text: str, rules: SpecRules) -> list[str]:
    """Return, as warnings, what the spec says that it should not. Raises SpecError where that is refused."""
    warnings = []
    for tag in TAGS:
        for pattern, what in (
            (rf"{tag}:", f"{tag} is not allowed to be set in spec file"),
            (rf"%define\s+{tag.lower()}\s+", f"{tag.lower()} is not allowed to be defined in spec file"),
        ):
            # what a stock builder refuses: re.match looks at the start of the file only
            if re.match(pattern, text):
                raise SpecError(what)
            if re.search(rf"^\s*{pattern}", text, re.MULTILINE | re.IGNORECASE):
                if rules.strict_spec_tags:
                    raise SpecError(what)
                warnings.append(what)
    return warnings
