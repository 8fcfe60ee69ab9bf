"""The repository as dnf and rpm see it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.distribution import seeds
from tests.distribution.repository import Manifest
from tests.integration.distribution.chroot import Root


def _kilobytes(path: Path) -> int:
    done = subprocess.run(["du", "-skx", str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0])


def test_build_group_is_a_small_complete_root(build_root: Root) -> None:
    names = set(build_root.query("-qa", "--qf", "%{NAME}\\n"))
    assert set(seeds.GROUPS["build"]) <= names
    assert {"libyaml-dev", "libyaml-0-2", "python3"}.isdisjoint(names), (
        "BuildRequires would have nothing to do"
    )
    assert 100 < len(names) < 200
    assert _kilobytes(build_root.path) < 500_000


def test_database_is_where_the_roots_own_rpm_looks(build_root: Root) -> None:
    assert (build_root.path / "var/lib/rpm/rpmdb.sqlite").exists()
    inside = build_root.run("rpm", "-qa", user="mockbuild").split()
    assert sorted(inside) == sorted(build_root.query("-qa"))


def test_source_group_has_the_tools_of_make_sources_and_no_compiler(srpm_root: Root) -> None:
    names = set(srpm_root.query("-qa", "--qf", "%{NAME}\\n"))
    assert set(seeds.GROUPS["srpm-build"]) <= names
    assert "gcc" not in names
    assert srpm_root.run("git", "--version", user="mockbuild").startswith("git version")
    bundle = srpm_root.run("openssl", "storeutl", "-noout", "-certs", "/etc/ssl/certs/ca-certificates.crt")
    assert "Total found: 1" in bundle


def test_all_packages_install_together_and_nothing_is_missing_or_altered(full_root: Root, repo: Path) -> None:
    manifest = Manifest.load(repo)
    assert manifest is not None
    installed = full_root.query("-qa", "--qf", "%{NAME}\\n")
    assert sorted(installed) == sorted(one.name for one in manifest.packages)
    # Files, modes, owners, links and dependencies; silent when all is as packed.
    assert full_root.query("-Va") == []
    dangling = subprocess.run(
        ["find", str(full_root.path), "-xdev", "-xtype", "l", "-not", "-path", "*/proc/*"],
        capture_output=True,
        text=True,
        check=True,
    )
    relative = [
        line for line in dangling.stdout.splitlines() if not str(Path(line).readlink()).startswith("/")
    ]
    assert relative == []


def test_what_maintainer_scripts_do_is_done(full_root: Root) -> None:
    for name in ("awk", "c++", "c99", "cc", "lzma", "sh", "which"):
        assert full_root.run("which", name).strip() == f"/usr/bin/{name}"
    assert full_root.run("sh", "-c", "echo $BASH_VERSION").strip() != ""
    assert "libc.so.6" in full_root.run("ldconfig", "-p")
    assert "uid=65534(nobody)" in full_root.run("su", "-s", "/bin/sh", "nobody", "-c", "id")
    assert full_root.run("python3", "-c", "import ssl, setuptools; print('fine')") == "fine\n"
    assert full_root.run("perl", "-MPOSIX", "-MEncode", "-e", "print 'fine'") == "fine"


def test_fedoras_names_find_debians_packages(full_root: Root) -> None:
    wanted = {
        "gcc-c++": "g++",
        "glibc-devel": "libc6-dev",
        "libyaml-devel": "libyaml-dev",
        "perl-interpreter": "perl",
        "pkgconfig(popt)": "libpopt-dev",
        "popt-devel": "libpopt-dev",
        "shadow-utils": "passwd",
        "which": "debianutils",
        "xz": "xz-utils",
        "zlib-devel": "zlib1g-dev",
        "/bin/sh": "bash",
        "libyaml-0.so.2()(64bit)": "libyaml-0-2",
    }
    found = {name: full_root.query("-q", "--whatprovides", name, "--qf", "%{NAME}") for name in wanted}
    assert found == {name: [package] for name, package in wanted.items()}
