"""%pyproject_save_files: a list for %files of the modules named, and of the package's metadata."""

import sys
from pathlib import Path

buildroot, site, *modules = sys.argv[1:]
for each in sorted(Path(buildroot + site).iterdir()):
    if each.name in modules or each.suffix == ".dist-info":
        print(f"{site}/{each.name}")
