"""A lock, for tests of what is done with one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from koji_adjutant.buildroot.resolving.key import layer_key
from koji_adjutant.buildroot.specification.config import PackageManagerOptions, TagOptions, for_repos
from koji_adjutant.buildroot.specification.lock import Lock, Step, this_machine
from koji_adjutant.buildroot.specification.plan import PackageFile, Plan, Wanted
from koji_adjutant.container.interface import VolumeMount

DIGEST = "sha256:1234"
BASH = PackageFile("bash-5-1.x86_64", "sha256:aa", 10, "repo-0", "b/bash.rpm")
ZLIB = PackageFile("zlib-devel-1-1.x86_64", "sha256:bb", 10, "repo-0", "z.rpm", "http://external.example/")


def example() -> Lock:
    """A base, and what one package was asked for on top."""
    config = for_repos(["http://repo.example"], "x86_64", "build", network=False, options=TagOptions())
    config = replace(
        config,
        repositories=tuple(replace(one, id="repo-0", urls=tuple(one.urls)) for one in config.repositories),
        repo_mounts=(VolumeMount(Path("/srv/repo"), PurePosixPath("/srv/repo"), read_only=True),),
        package_manager=PackageManagerOptions(
            proxy="http://user:secret@proxy", module_setup_commands=(("enable", "a:1"),)
        ),
    )
    base, added = Plan((BASH,)), Plan((ZLIB,), ("old-1-1.noarch",))
    first = layer_key(None, base, config, DIGEST)
    return Lock(
        machine=this_machine(),
        tool_image=DIGEST,
        tool_image_name=f"tool@{DIGEST}",
        config=config,
        steps=(
            Step(Wanted(groups=("build",)), base, first),
            Step(Wanted(requires=("zlib-devel >= 1",)), added, layer_key(first, added, config, DIGEST)),
        ),
        installed={BASH.nevra: "aaa", ZLIB.nevra: "bbb"},
    )
