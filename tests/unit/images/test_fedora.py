"""What is asked of a host's dnf, by its kind; with a fake one."""

from __future__ import annotations

from pathlib import Path

import pytest

from koji_adjutant.images.fedora import DNF4, DNF5, WHERE_THEY_ARE, FedoraPackages

FAKE = """\
#!/bin/sh
case $0 in
*/dnf) [ "$1" = --version ] && echo '{version}' ;;
*/rpm) echo rpm=6.0.1-1.fc43 ;;
*/tar) : >"${{2#--file=}}" ;;
esac
printf '%s %s\n' "$(basename "$0")" "$*" >>'{calls}'
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()
    return tmp_path / "calls"


def host(calls: Path, version: str, release: dict[str, str]) -> FedoraPackages:
    for name in ("dnf", "rpm", "tar"):
        program = calls.parent / "bin" / name
        program.write_text(FAKE.format(version=version, calls=calls))
        program.chmod(0o755)
    return FedoraPackages(release)


def built(calls: Path, packages: FedoraPackages) -> list[str]:
    """The commands that make the image, but for the question for dnf's version."""
    root = packages.build(calls.parent, lambda _line: None)
    assert list(root.packages) == ["rpm=6.0.1-1.fc43"]
    return [line for line in calls.read_text().splitlines() if line != "dnf --version"]


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("4.14.0", {"ID": "rocky", "VERSION_ID": "9.4"}),
        ("4.20.0", {"ID": "centos", "VERSION_ID": "10"}),
        ("4.19.2", {"ID": "fedora", "VERSION_ID": "40"}),
    ],
)
def test_dnf_4_makes_an_image_that_resolves_with_it(
    calls: Path, version: str, release: dict[str, str]
) -> None:
    packages = host(calls, version, release)
    assert packages.distribution == f"{release['ID']} {release['VERSION_ID']}"
    assert DNF4 in packages.main_tools
    install, optional, *others = built(calls, packages)
    assert optional.endswith(f" install --setopt=strict=False {' '.join(WHERE_THEY_ARE)}")
    assert f" --releasever={release['VERSION_ID'].partition('.')[0]} " in install
    assert install.endswith(f" {DNF4}")
    assert "--use-host-config" not in install
    assert [line.split()[0] for line in others] == ["dnf", "rpm", "tar"]


def test_dnf5_takes_the_hosts_repositories_and_adds_dnf_4_where_there_is_one(calls: Path) -> None:
    packages = host(calls, "dnf5 version 5.2.13.1", {"ID": "fedora", "VERSION_ID": "43"})
    assert DNF5 in packages.main_tools
    install, optional, clean, *_ = built(calls, packages)
    assert all("--use-host-config" in line for line in (install, optional, clean))
    assert install.endswith(f" {DNF5}")
    assert optional.endswith(f" install --skip-unavailable {' '.join(WHERE_THEY_ARE)}")
    assert DNF4 in WHERE_THEY_ARE
    assert " dnf " not in install.partition(" install ")[2], "no package has to have that name"
