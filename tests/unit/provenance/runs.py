"""A build that there never was, with results that are RPM files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from koji_adjutant.buildroot.specification.lock import Lock
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan
from koji_adjutant.provenance.resources import Resource, rpm_resource, source_resource
from koji_adjutant.provenance.run import BuildRun
from tests.support.locks import example
from tests.support.rpm_file import I18N, STRING, write_rpm

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "git+https://git.example/rpms/hello?#" + COMMIT
BASH = PackageFile("bash-1:5.2~rc1-1^x+y.x86_64", f"sha256:{'a' * 64}", 10, "repo-0", "b/bash.rpm")
OLD = PackageFile("gcc-12-1.x86_64", f"sha256:{'b' * 64}", 10, "repo-0", "g/gcc.rpm")
SOURCE_URL = "https://koji.example/kojifiles/work/tasks/3/3/hello-1.0-1.src.rpm"
HUB = "https://koji.example/kojihub"
LICENSE, VENDOR = (1014, I18N, "GPLv2+ and Things"), (1011, STRING, "Example")


def lock() -> Lock:
    """bash is there in the end, and gcc has been replaced."""
    base, added = example().steps
    return replace(
        example(),
        tool_image=f"sha256:{'c' * 64}",
        steps=(replace(base, plan=Plan((BASH, OLD))), replace(added, plan=Plan())),
        installed={BASH.nevra: "aaa"},
    )


def run(place: Path, method: str = "buildArch", sources: list[Resource] | None = None) -> BuildRun:
    """Return a buildArch with a binary and a source package, or the buildSRPMFromSCM before it."""
    place.mkdir(exist_ok=True)
    srpm = write_rpm(place, "hello", source=True, more=[LICENSE, VENDOR])
    rpm = write_rpm(place, "hello", epoch=2, sourcerpm=srpm.name, more=[LICENSE, VENDOR])
    (place / "build.log").write_text("it builds\n")
    scm = method == "buildSRPMFromSCM"
    return BuildRun(
        builder=f"{HUB}?host=builder1",
        invocation=f"{HUB}?task=17",
        versions={"koji-adjutant": "1"},
        method=method,
        parameters={"tag": "f45-build"},
        isolation={"network": "none"},
        began=1_800_000_000.5,
        ended=1_800_000_060.25,
        sources=[source_resource(URL)] if scm else sources or [rpm_resource(srpm, SOURCE_URL)],
        image=Resource("tools@sha256:c", {"sha256": "c" * 64}),
        lock=lock(),
        results=[srpm] if scm else [srpm, rpm],
        by_products=[place / "build.log"],
    )
