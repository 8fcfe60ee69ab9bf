"""Builds that have archives and no packages, and templates of packages around them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hub.builder import ARCH, upload_file
from tests.hub.farm import Farm
from tests.hub.names import unique

TEMPLATE = """\
#from textwrap import dedent
Name: ${name}-wrapper
Version: $version
Release: $release
Summary: Wraps ${', '.join(sorted($all_artifacts))}
License: MIT
BuildArch: noarch
#for $number, $file in enumerate($all_artifacts)
Source$number: $file
#end for
Source99: $open('summary.txt').read().strip()

%description
#if $varExists('maven_info')
From $maven_info.group_id by $dedent(' Maven ').strip()
Extensions: $sorted($artifacts), path: $all_artifacts_with_path[0]
#else
Of image build $image_info.build_id
#end if

%prep
%build
$EXTRA
%install
mkdir -p %{buildroot}/usr/share/%{name}
cp -p %{sources} %{buildroot}/usr/share/%{name}

%files
/usr/share/%{name}
"""


@dataclass(frozen=True)
class Build:
    """A complete build with archives and no packages, as the hub describes it."""

    info: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.info["name"])

    @property
    def nvr(self) -> str:
        return str(self.info["nvr"])


def imported(farm: Farm, directory: Path, kind: str, files: dict[str, str]) -> Build:
    """A build of that kind, made as ``koji import-archive`` makes one."""
    name = unique(kind)
    identity = {"name": name, "version": "1.0", "release": "1", "epoch": None}
    gav = {"group_id": "org.example.tests", "artifact_id": name, "version": "1.0"}
    if kind == "maven":
        farm.admin.createMavenBuild(identity, gav)
    else:
        farm.admin.createImageBuild(identity)
    info = farm.admin.getBuild(identity, strict=True)
    for file, content in files.items():
        path = directory / file
        path.write_text(content)
        place = upload_file(farm.admin, path, f"cli-import/{unique('upload')}")
        farm.admin.importArchive(place, info, kind, gav if kind == "maven" else {"arch": ARCH})
    return Build(farm.admin.getBuild(info["id"], strict=True))


def template(farm: Farm, build: Build, extra: str = "", requires: str = "", **files: str) -> str:
    """The URL of a repository with a template for the build."""
    text = TEMPLATE.replace("$EXTRA", extra)
    if requires:
        text = text.replace("BuildArch:", f"BuildRequires: {requires}\nBuildArch:")
    content = {"packaging/wrapper.spec.tmpl": text, "packaging/summary.txt": "summary.txt\n"} | files
    return farm.git.publish(f"{build.name}-{unique('spec')}", content)


def take_wrappers(farm: Farm) -> None:
    """Have the farm's worker take wrapperRPM tasks; skip the test where the hub has none."""
    if not farm.admin.mavenEnabled():
        pytest.skip("the hub's EnableMaven is off: it takes no wrapperRPM tasks")
    channels = {channel["name"] for channel in farm.admin.listChannels(farm.hub.worker.name)}
    if "maven" not in channels:
        farm.admin.addHostToChannel(farm.hub.worker.name, "maven")
