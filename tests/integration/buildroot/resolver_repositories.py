"""Two small repositories that resolvers are asked about, with groups, modules, and packages in versions."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from tests.integration.buildroot.rpm_repository import make_packages, make_repository, make_root

FIRST = {
    "base-1": "",
    "lib-1": "Provides: virtual(lib) = 1",
    "lib-2": "Provides: virtual(lib) = 2",
    "user-1": "Requires: lib",
    "recommending-1": "Recommends: weak\nSuggests: base",
    "weak-1": "Supplements: base",
    "left-1": "",
    "right-1": "",
    "choosing-1": "Requires: (left or right)",
    "tool-1": "/usr/bin/tool",
    "odd-1": "/opt/odd/file",
    "needs-odd-1": "Requires: /opt/odd/file",
    "old-1": "",
    "new-1": "Obsoletes: old < 2",
    "against-1": "Conflicts: base",
    "picky-1": "",
    "picky-2": "Requires: there-is-no-such-thing",
    "broken-1": "Requires: there-is-no-such-thing",
    "extra-1": "",
    "globbing-1": "Provides: glob(build[x])",
    "speech-1": "",
    "speech-2": "",
}
SECOND = {"lib-3": "Provides: virtual(lib) = 3", "speech-3": "", "late-1": ""}

FIRST_GROUPS = """
<group><id>build</id><name>The buildroot</name><packagelist>
  <packagereq type="mandatory">base</packagereq><packagereq type="default">lib</packagereq>
  <packagereq type="optional">extra</packagereq><packagereq type="mandatory">not-there</packagereq>
  <packagereq type="conditional" requires="base">left</packagereq>
  <packagereq type="conditional" requires="tool">right</packagereq>
  <packagereq type="conditional" requires="not-there">odd</packagereq>
  <packagereq type="mandatory">old</packagereq>
</packagelist></group>
<group><id>native</id><name>Native</name><packagelist>
  <packagereq basearchonly="true">native</packagereq><packagereq basearchonly="true">base</packagereq>
</packagelist></group>
<group><id>broken</id><name>Broken</name><packagelist><packagereq>broken</packagereq></packagelist></group>
<environment><id>everything</id><name>Everything</name>
  <grouplist><groupid>native</groupid><groupid>gone</groupid></grouplist>
  <optionlist><groupid default="true">build</groupid></optionlist></environment>
"""
SECOND_GROUPS = """
<group><id>build</id><name>The buildroot</name><packagelist>
  <packagereq type="default">late</packagereq><packagereq type="optional">lib</packagereq>
</packagelist></group>
"""

MODULE_DEFAULTS = """\
---
document: modulemd-defaults
version: 1
data:
  module: tongue
  stream: "1"
...
"""


def stream(number: int) -> str:
    """A stream of the module ``tongue``, which has ``speech`` in that version."""
    return f"""\
---
document: modulemd
version: 2
data:
  name: tongue
  stream: "{number}"
  version: 1
  context: deadbeef
  arch: {platform.machine()}
  summary: x
  description: x
  license: {{module: [MIT]}}
  profiles: {{default: {{rpms: [speech]}}}}
  artifacts: {{rpms: ["speech-0:{number}-1.noarch"]}}
...
"""


@dataclass(frozen=True)
class Repositories:
    """Two repositories, and roots in which packages of theirs are installed already."""

    top: Path

    @property
    def places(self) -> list[str]:
        return [str(self.top / "first"), str(self.top / "second")]

    def root(self, *installed: str) -> Path:
        root = self.top / "-".join(["root", *installed])
        if not root.exists():
            files = [next(self.top.glob(f"*/noarch/{package}-1.noarch.rpm")) for package in installed]
            make_root(root, files)
        return root


def make_repositories(top: Path) -> Repositories:
    """``first`` and ``second``, which has newer packages, and metadata files with plain names."""
    for name, packages in {"first": FIRST, "second": SECOND}.items():
        make_packages(top / name, packages)
    for arch in (platform.machine(), "s390x"):
        make_packages(top / "first", {"native-1": ""}, arch)
    make_packages(top / "first", {"foreign-1": "Requires: native"}, "s390x")
    make_repository(top / "first", FIRST_GROUPS, MODULE_DEFAULTS + stream(1) + stream(2))
    make_repository(top / "second", SECOND_GROUPS, options=["--simple-md-filenames"])
    return Repositories(top)
