"""%pyproject_buildrequires: what the project is built with, by pyproject.toml, and needs when it runs."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

project = tomllib.loads(Path("pyproject.toml").read_text())
for text in [*project["build-system"]["requires"], *project["project"]["dependencies"]]:
    one = Requirement(text)
    name = f"python3dist({canonicalize_name(one.name)})"
    for bound in one.specifier or [""]:
        version = str(bound).replace("==", "= ")
        print(name, version.replace(">=", ">= ") if ">=" in version else version.replace("<", "< "))
