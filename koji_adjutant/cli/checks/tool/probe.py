"""Make /work/repo: a repository whose group "probe" is a root in which a shell runs.

Its one package has bash and the libraries that bash needs, as they are in this image, and a scriptlet that is
run by it. Nothing else is asked of the network, or of anybody's packages.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WORK = Path("/work")
ROOT = WORK / "files"
LIBRARY = re.compile(r"(?:=>)?\s(/\S+) \(0x")

# what keeps a buildroot's container alive is `sleep`, which is one program of many in some distributions
SLEEP = "#!/bin/bash\nkill -STOP $$\n"
SPEC = """\
%global debug_package %{nil}
%global __os_install_post %{nil}
Name: adjutant-probe
Version: 1
Release: 1
Summary: A root in which a shell runs
License: MIT
AutoReqProv: no
Provides: /bin/bash
%description
Made by koji-adjutant check.
%install
cp -a /work/files/. %{buildroot}
%post -p /bin/bash
echo ran >/scriptlet
%files
/*
"""
COMPS = """\
<comps><group><id>probe</id><name>probe</name><packagelist>
<packagereq type="mandatory">adjutant-probe</packagereq>
</packagelist></group></comps>
"""


def main() -> int:
    bash = shutil.which("bash")
    if bash is None:
        sys.stdout.write("there is no bash\n")
        return 1
    copy(Path(bash), Path("bin/bash"))
    for library in libraries(bash):
        copy(library, library.relative_to("/"))
    (ROOT / "bin" / "sh").symlink_to("bash")
    sleep = ROOT / "bin" / "sleep"
    sleep.write_text(SLEEP)
    sleep.chmod(0o755)
    (WORK / "probe.spec").write_text(SPEC)
    (WORK / "comps.xml").write_text(COMPS)
    places = ["--define", "_topdir /work/build", "--define", "_rpmdir /work/repo"]
    subprocess.run(["rpmbuild", "-bb", "--quiet", *places, "/work/probe.spec"], check=True)
    subprocess.run(["createrepo_c", "--quiet", "-g", "/work/comps.xml", "/work/repo"], check=True)
    return 0


def libraries(program: str) -> Iterator[Path]:
    said = subprocess.run(["ldd", program], stdout=subprocess.PIPE, text=True, check=True).stdout
    yield from map(Path, LIBRARY.findall(said))


def copy(source: Path, target: Path) -> None:
    (ROOT / target.parent).mkdir(parents=True, exist_ok=True)
    shutil.copy(source, ROOT / target)


if __name__ == "__main__":
    sys.exit(main())
