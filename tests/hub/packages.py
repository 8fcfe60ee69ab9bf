"""Source packages that a real build is made of, as a packager would keep them in git."""

from __future__ import annotations

SPEC = """\
%global debug_package %{{nil}}
Name: {name}
Version: 1.0
Release: 1%{{?dist}}
Summary: Says hello
License: MIT
Source0: hello.c
{tags}

%description
Says hello.

%prep
cp -p %{{SOURCE0}} .

%build
{build}

%install
install -D -m 755 hello %{{buildroot}}/usr/bin/{name}

%files
/usr/bin/{name}
"""

PROGRAM = """\
#include <stdio.h>

int main(void) { return puts("hello") < 0; }
"""

MAKEFILE = """\
sources:
\t@echo "nothing to download"
"""

COMPILE = "gcc -O2 -o hello hello.c"


def package(name: str, *, build: str = COMPILE, tags: str = "", **files: str) -> dict[str, str]:
    """Files of a package whose program is compiled from C; ``tags`` are more lines of the spec's preamble."""
    spec = SPEC.format(name=name, build=build, tags=tags)
    return {f"{name}.spec": spec, "hello.c": PROGRAM, "Makefile": MAKEFILE} | files
