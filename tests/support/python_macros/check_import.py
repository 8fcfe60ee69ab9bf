"""%pyproject_check_import FILES [-e GLOB]…: import all modules, but for those that a glob matches."""

import importlib
import pkgutil
import sys
from fnmatch import fnmatchcase
from pathlib import Path

files, *rest = sys.argv[1:]
excluded = [one for one in rest if one != "-e"]
packages = [Path(line) for line in Path(files).read_text().splitlines() if not line.endswith(".dist-info")]
found = 0
for package in packages:
    there = importlib.import_module(package.name).__path__
    for each in pkgutil.walk_packages(there, f"{package.name}."):
        if not any(fnmatchcase(each.name, glob) for glob in excluded):
            importlib.import_module(each.name)
            found += 1
print(f"{found} modules can be imported")
if not found:
    sys.exit("nothing was found to import")
