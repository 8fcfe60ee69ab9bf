"""What the tests of dist repos share: tags with packages in them, and looking into a repo that was made."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import koji
import requests

from koji_adjutant.buildroot.repository.compressed import decompress
from tests.hub.builder import ARCH, Builder, make_tag
from tests.hub.farm import Farm
from tests.hub.rpms import Rpm, RpmSet
from tests.hub.signing import Signer
from tests.hub.wire import TIMEOUT

OPTIONS: dict[str, Any] = {
    "arch": [ARCH],
    "comps": None,
    "delta": [],
    "event": None,
    "volume": None,
    "inherit": True,
    "latest": True,
    "multilib": None,
    "split_debuginfo": False,
    "skip_missing_signatures": False,
    "allow_missing_signatures": False,
    "zck": False,
    "zck_dict_dir": None,
    "write_signed_rpms": False,
}
"""As the stock client sends them."""


def tag_with(builder: Builder, *made: RpmSet) -> str:
    """A new tag with builds of these packages in it."""
    tag = make_tag(builder.admin, "dist")
    for one in made:
        add_to(builder, tag, one.srpm, *one.rpms)
    return tag


def add_to(builder: Builder, tag: str, srpm: Rpm, *rpms: Rpm) -> None:
    """Import a build and tag it."""
    build = builder.imported(srpm, *rpms)
    put_in(builder, tag, build)


def put_in(builder: Builder, tag: str, build: dict[str, Any]) -> None:
    owner = builder.admin.getLoggedInUser()["name"]
    builder.admin.packageListAdd(tag, build["package_name"], owner=owner)
    builder.admin.tagBuildBypass(tag, build["nvr"])


def import_signature(admin: Any, rpm: Rpm, signer: Signer, directory: Path) -> bytes:
    """Sign a package and give the hub the signature; the content of the signed package."""
    (directory / signer.key).mkdir(exist_ok=True)
    signed = signer.sign(rpm, directory / signer.key)
    header = koji.rip_rpm_sighdr(str(signed))
    admin.addRPMSig(rpm.path.name.removesuffix(".rpm"), base64.b64encode(header).decode())
    return signed.read_bytes()


@dataclass(frozen=True)
class DistRepo:
    """A dist repo of a farm's hub, and the distRepo task that makes it."""

    farm: Farm
    tag: str
    id: int
    task: int

    @classmethod
    def asked_for(cls, farm: Farm, tag: str, *keys: str, **options: Any) -> DistRepo:
        task = farm.admin.distRepo(tag, list(keys), **(OPTIONS | options))
        return cls(farm, tag, farm.admin.getTaskRequest(task)[1], task)

    @classmethod
    def made(cls, farm: Farm, tag: str, *keys: str, **options: Any) -> DistRepo:
        repo = cls.asked_for(farm, tag, *keys, **options)
        assert farm.closed(repo.task) == f"Dist repository #{repo.id} successfully generated"
        return repo

    def subtask(self, arch: str = ARCH) -> int:
        return int(self.farm.children(self.task)[arch]["id"])

    def log(self, name: str, arch: str = ARCH) -> str:
        return self.farm.log(self.subtask(arch), name)

    def file(self, path: str, arch: str = ARCH) -> bytes:
        """What is served; empty if it is not."""
        url = f"{self.farm.hub.files_url}/repos-dist/{self.tag}/{self.id}/{arch}/{path}"
        response = requests.get(url, timeout=TIMEOUT)
        return response.content if response.ok else b""

    def package(self, name: str, arch: str = ARCH) -> bytes:
        return self.file(f"Packages/{name[0].lower()}/{name}", arch)

    def metadata(self, kind: str, arch: str = ARCH, subrepo: str = "") -> str:
        """One file of the metadata; empty if there is none."""
        repomd = self.file(f"{subrepo}repodata/repomd.xml", arch).decode()
        found = re.search(rf'<data type="{kind}">.*?<location href="([^"]+)"', repomd, re.DOTALL)
        if found is None:
            return ""
        content = self.file(subrepo + found[1], arch)
        return decompress(content).decode()

    def locations(self, arch: str = ARCH, subrepo: str = "") -> set[str]:
        """Where the metadata says that the packages are."""
        return set(re.findall(r'<location href="([^"]+)"', self.metadata("primary", arch, subrepo)))

    def files(self, arch: str = ARCH, subrepo: str = "") -> set[str]:
        """The names of the packages' files."""
        return {location.rpartition("/")[2] for location in self.locations(arch, subrepo)}
