"""RPMs are built in roots of the distribution, by an unprivileged user with no network, and install there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.integration.distribution.chroot import Root

EXAMPLE = Path(__file__).parents[3] / "examples/hello-adjutant"

SCRIPTS_SPEC = r"""
Name: scripts
Version: 1
Release: 1%{?dist}
Summary: Scripts
License: MIT
BuildArch: noarch
%description
Scripts.
%generate_buildrequires
echo python3
%install
mkdir -p %{buildroot}%{_bindir}
printf '#!/usr/bin/perl\nuse strict;\nuse Getopt::Long;\nprint "perl\\n";\n' \
    > %{buildroot}%{_bindir}/in-perl
printf '#!/usr/bin/python3\nprint("python")\n' > %{buildroot}%{_bindir}/in-python
printf '#!/bin/sh\necho shell\n' > %{buildroot}%{_bindir}/in-shell
chmod 755 %{buildroot}%{_bindir}/*
%files
%{_bindir}/*
"""

LIBRARY_SPEC = r"""
Name: libadd
Version: 2
Release: 1%{?dist}
Summary: Adds
License: MIT
BuildRequires: gcc make
%description
Adds.
%package devel
Summary: Adds, for developers
Requires: %{name} = %{version}-%{release}
%description devel
Adds.
%prep
%setup -q -c -T
cat > configure <<'EOF'
#!/bin/sh
for one; do case $one in --libdir=*) libdir=${one#*=};; esac; done
printf 'libadd.so.2: add.c\n\tgcc %s -fPIC -shared -Wl,-soname,$@ -o $@ $<\n' "$CFLAGS" > Makefile
printf 'install: libadd.so.2\n\tinstall -D $< $(DESTDIR)%s/$<\n' "$libdir" >> Makefile
printf '\tln -s $< $(DESTDIR)%s/libadd.so\n' "$libdir" >> Makefile
EOF
chmod 755 configure
echo 'int add(int a, int b) { return a + b; }' > add.c
%build
%configure
%make_build
%install
%make_install
%files
%{_libdir}/libadd.so.2
%files devel
%{_libdir}/libadd.so
"""


def _named(rpms: list[Path], name: str) -> Path:
    (found,) = (
        path for path in rpms if path.name.startswith(f"{name}-") and path.name[len(name) + 1].isdigit()
    )
    return found


def _spec(root: Root, name: str, text: str) -> str:
    (root.path / f"builddir/build/SPECS/{name}.spec").write_text(text.lstrip())
    root.own_home()
    return f"/builddir/build/SPECS/{name}.spec"


def _source_rpm(srpm_root: Root) -> Path:
    """The example's SRPM, made as a builder does: `make sources` in the checkout, then `rpmbuild -bs`."""
    checkout = srpm_root.path / "builddir/hello-adjutant"
    shutil.copytree(EXAMPLE, checkout, ignore=shutil.ignore_patterns("*.tar.gz"))
    srpm_root.own_home()
    srpm_root.run("make", "-C", "/builddir/hello-adjutant", "sources", user="mockbuild")
    sources = ["--define", "_sourcedir /builddir/hello-adjutant"]
    srpm_root.rpmbuild("-bs", "--nodeps", *sources, "/builddir/hello-adjutant/hello-adjutant.spec")
    (srpm,) = (srpm_root.path / "builddir/build/SRPMS").glob("hello-adjutant-*.src.rpm")
    return srpm


def test_example_goes_from_checkout_to_a_program_that_runs(
    srpm_root: Root, build_root: Root, roots: Path, repo: Path
) -> None:
    srpm = _source_rpm(srpm_root)
    shutil.copy(srpm, build_root.path / "builddir")
    build_root.own_home()
    rebuild = ("--rebuild", f"/builddir/{srpm.name}")

    refused = build_root.fail("rpmbuild", *rebuild, user="mockbuild")
    assert "libyaml-devel is needed by hello-adjutant-1.0-1.demo1" in refused

    build_root.install("libyaml-devel")
    rpms = build_root.rpmbuild(*rebuild)
    package = _named(rpms, "hello-adjutant")
    debuginfo = build_root.query("-qlp", str(_named(rpms, "hello-adjutant-debuginfo")))
    debugsource = build_root.query("-qlp", str(_named(rpms, "hello-adjutant-debugsource")))
    assert any("/hello-adjutant-1.0-1.demo1." in path and path.endswith(".debug") for path in debuginfo)
    assert any(path.endswith("/hello-adjutant.c") for path in debugsource)

    target = Root(roots / "target", roots, repo)
    target.path.mkdir()
    target.install(package, "bash", "coreutils")
    assert "greeting: Hello from Koji-Adjutant\n" in target.run("hello-adjutant")
    assert "libyaml-0-2" in target.query("-qa", "--qf", "%{NAME}\\n"), "found by its soname"


def test_sources_tarball_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    made = []
    for mode in (0o600, 0o644):
        checkout = tmp_path / f"{mode:o}"
        # Modification times differ too: they are those of the copy.
        ignore = shutil.ignore_patterns("*.tar.gz")
        shutil.copytree(EXAMPLE, checkout, ignore=ignore, copy_function=shutil.copyfile)
        (checkout / "src/LICENSE").chmod(mode)
        subprocess.run(["make", "-s", "-C", str(checkout), "sources"], check=True)
        made.append((checkout / "hello-adjutant-1.0.tar.gz").read_bytes())
    assert made[0] == made[1]


def test_configure_and_make_macros_put_a_library_where_the_linker_looks(build_root: Root) -> None:
    rpms = build_root.rpmbuild("-bb", _spec(build_root, "libadd", LIBRARY_SPEC))
    build_root.install(_named(rpms, "libadd"), _named(rpms, "libadd-devel"))
    program = "int add(int, int); int main(void) { return add(2, 3) != 5; }"
    script = f"echo '{program}' > five.c && gcc five.c -ladd -o five && ./five"
    build_root.run("sh", "-c", script, user="mockbuild")


def test_scripts_get_dependencies_that_the_repository_satisfies(full_root: Root) -> None:
    full_root.add_builder()
    rpms = full_root.rpmbuild("-ba", _spec(full_root, "scripts", SCRIPTS_SPEC))
    requires = full_root.query("-qRp", str(_named(rpms, "scripts")))
    assert {"/bin/sh", "/usr/bin/perl", "/usr/bin/python3"} <= set(requires)
    if (full_root.path / "usr/lib/rpm/perl.req").exists():  # not in rpm since 4.20
        assert "perl(Getopt::Long)" in requires
    full_root.install(_named(rpms, "scripts"))
    for name in ("perl", "python", "shell"):
        assert full_root.run(f"in-{name}") == f"{name}\n"
    (srpm,) = (full_root.path / "builddir/build/SRPMS").glob("scripts-*.src.rpm")
    assert "python3" in full_root.query("-qRp", str(srpm)), "dynamic BuildRequires are in the SRPM"
