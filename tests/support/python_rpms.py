"""What a Python package is built with on Fedora, as RPMs: its dependencies, and stand-ins for its macros.

The dependencies are those of the environment that runs the tests, one RPM for each distribution of Python's.
The macros are stand-ins: they do what the spec file asks for, in fewer lines than Fedora's, and know no other
case.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STAND_INS = Path(__file__).parent / "python_macros"
SITE = Path(f"/usr/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")
TOOLS = ("setuptools", "pip", "packaging")
"""What the macros, and rpm's own generator of dependencies, need."""
EMPTY = ("podman", "dnf", "koji-builder", "logrotate", "procps-ng")
"""Packages of Fedora's that the distribution has not: here they are names, with nothing in them."""

REQUIRED = {"gssapi": ("libgssapi-krb5-2",)}
"""Packages of the distribution with libraries that a wheel is linked with."""
LIBRARIES = {"createrepo-c": ("libglib-2.0.so.0", "libgobject-2.0.so.0", "libgthread-2.0.so.0")}
"""Libraries that a wheel does not bring, and the distribution has not: this machine's."""
LIBRARY_DIRECTORY = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "")

_PACKAGE = """
%package -n python3-{name}
Version: {version}
Summary: {name}
AutoReqProv: no
Provides: {provides}
Requires: {requires}
%description -n python3-{name}
{name}.
%files -n python3-{name}
{files}
"""
_EMPTY = """
%package -n {name}
Summary: A name
%description -n {name}
{name}.
%files -n {name}
"""
_SPEC = """\
Name: python-rpms
Version: 1
Release: 1
Summary: Python
License: LGPL-2.1-or-later
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _binary_payload w1.gzdio
%description
Python.

%package -n python3-site-packages
Summary: What makes Debian's Python look where Fedora's has its packages
AutoReqProv: no
Requires: python3
%description -n python3-site-packages
A path.
%files -n python3-site-packages
/usr/lib/python3/dist-packages/site-packages.pth

%package -n python3-devel
Summary: Stand-ins for the macros that Fedora builds Python packages with
AutoReqProv: no
Provides: systemd-rpm-macros
Requires: python3dist(setuptools) python3dist(pip) python3dist(packaging)
%description -n python3-devel
Stand-ins.
%files -n python3-devel
"""


def dependencies(of: Sequence[str]) -> dict[str, Distribution]:
    """The distributions that these need, themselves included, by their canonical names."""
    found: dict[str, Distribution] = {}
    wanted = [Requirement(one) for one in of]
    while wanted:
        one = wanted.pop()
        name = canonicalize_name(one.name)
        if name in found:
            continue
        found[name] = distribution(name)
        wanted += _needed(found[name])
    return found


def make_repository(of: str, place: Path) -> Path:
    """A repository with the dependencies of a distribution, but not itself, and with the stand-ins."""
    needed = dependencies([of, *TOOLS])
    del needed[canonicalize_name(of)]
    root, spec, repo = place / "root", place / "python-rpms.spec", place / "repo"
    path = root / "usr/lib/python3/dist-packages/site-packages.pth"
    path.parent.mkdir(parents=True)
    path.write_text(f"{SITE}\n")
    text = _SPEC + "\n".join(_stand_ins(root)) + "\n"
    text += "".join(_package(name, one, root) for name, one in sorted(needed.items()))
    text += "".join(_EMPTY.format(name=name) for name in EMPTY)
    spec.write_text(text)
    directories = [f"--define=_topdir {place}/build", f"--define=_rpmdir {repo}"]
    _run(["rpmbuild", "-bb", "--quiet", *directories, f"--buildroot={root}", spec])
    _run(["createrepo_c", "--quiet", repo])
    return repo


def _needed(of: Distribution) -> Iterator[Requirement]:
    for text in of.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def _package(name: str, of: Distribution, root: Path) -> str:
    provided = [f"python3dist({name}) = {of.version}"]
    provided += [f"python{sys.version_info.major}.{sys.version_info.minor}dist({name}) = {of.version}"]
    required = [f"python3dist({canonicalize_name(one.name)})" for one in _needed(of)]
    required += REQUIRED.get(name, ())
    files = _copied(of, root)
    for library in LIBRARIES.get(name, ()):
        file = LIBRARY_DIRECTORY / library
        _copy(file, root / file.relative_to("/"))
        files.add(file)
    return _PACKAGE.format(
        name=name,
        version=of.version,
        provides=", ".join(provided),
        requires=", ".join(["python3-site-packages", *sorted(required)]),
        files="\n".join(f'"{each}"' for each in sorted(files)),
    )


def _copied(of: Distribution, root: Path) -> set[Path]:
    """Copy its modules below ``root``; programs are left out. Returns what of it lies in site-packages."""
    tops = set()
    for file in of.files or ():
        if file.parts[0] == ".." or "__pycache__" in file.parts:
            continue
        _copy(Path(str(file.locate())), root / SITE.relative_to("/") / file)
        tops.add(SITE / file.parts[0])
    return tops


def _stand_ins(root: Path) -> Iterator[str]:
    """Lay out what python3-devel has, and list it."""
    files = {each: Path("/usr/lib/rpm/stand-ins", each.name) for each in STAND_INS.glob("*.py")}
    files[STAND_INS / "macros.python"] = Path("/usr/lib/rpm/macros.d/macros.python-stand-ins")
    for source, name in files.items():
        _copy(source, root / name.relative_to("/"))
        yield str(name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def _run(command: Sequence[str | Path]) -> None:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
