"""One RPM from one recipe: unpack, complete, describe, rpmbuild."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.distribution import fixups, generators, own
from tests.distribution.payload import Payload
from tests.distribution.recipe import Recipe, spec
from tests.distribution.run import DistributionError, run

_MACROS = {
    "_binary_payload": "w1.zstdio",
    "_build_name_fmt": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    "_buildhost": "distribution.invalid",
    "_build_id_links": "none",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "debug_package": "%{nil}",
    # Debian's packages for all architectures may have programs as data, to test with
    "_binaries_in_noarch_packages_terminate_build": "0",
}


@dataclass(frozen=True)
class Converter:
    """Where things are on this host."""

    debs: Path
    output: Path  # takes the RPMs
    rpm_config: Path

    def convert(self, recipe: Recipe) -> Path:
        """Make the RPM in ``output``; its modification time is the recipe's build time."""
        with tempfile.TemporaryDirectory(dir=self.output.parent, prefix="convert-") as name:
            workdir = Path(name)
            payload = Payload(workdir / "root")
            payload.root.mkdir()
            if recipe.deb:
                self._unpack(recipe, payload, workdir)
                fixups.apply(recipe.name, payload)
            else:
                own.fill(recipe, payload)
            text = spec(
                recipe,
                generators.provides(payload, self.rpm_config),
                generators.requires(payload),
                list(payload.manifest()),
            )
            path = self._rpmbuild(recipe, text, workdir)
        os.utime(path, (recipe.built, recipe.built))
        return path

    def _unpack(self, recipe: Recipe, payload: Payload, workdir: Path) -> None:
        deb = self.debs / recipe.deb
        run(["dpkg-deb", "--control", deb, workdir / "control"])
        conffiles = workdir / "control/conffiles"
        listed = conffiles.read_text().split("\n") if conffiles.exists() else []
        archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
        with archive:
            if archive.stdout is None:
                raise AssertionError
            payload.unpack(archive.stdout, frozenset(line.strip().lstrip("/") for line in listed if line))
        if archive.returncode != 0:
            raise DistributionError(f"dpkg-deb cannot unpack {deb}; remove the file and run again")

    def _rpmbuild(self, recipe: Recipe, text: str, workdir: Path) -> Path:
        """Run rpmbuild on the tree in ``workdir``/root."""
        spec_file = workdir / f"{recipe.name}.spec"
        spec_file.write_text(text)
        macros = {**_MACROS, "_rpmdir": str(workdir / "rpms"), "_topdir": str(workdir)}
        defines = [part for name, value in macros.items() for part in ("--define", f"{name} {value}")]
        target = [] if recipe.arch == "noarch" else ["--target", recipe.arch]
        # HOME: the caller's ~/.rpmmacros must not shape the packages.
        environment = ["env", f"HOME={workdir}", f"SOURCE_DATE_EPOCH={recipe.built}"]
        options: list[str | Path] = ["-bb", "--noclean", *target, "--buildroot", workdir / "root", *defines]
        run([*environment, "rpmbuild", *options, "--", spec_file])
        made = list((workdir / "rpms").iterdir())
        if [path.name for path in made] != [recipe.file_name]:
            raise DistributionError(f"rpmbuild made {[path.name for path in made]}, not {recipe.file_name}")
        return Path(shutil.move(made[0], self.output / recipe.file_name))


def built(deb: Path) -> int:
    """When the .deb was made: the time stamp of its first ar member, which dpkg takes from the changelog."""
    with deb.open("rb") as stream:
        return int(stream.read(36)[24:])


def scriptlets(name: str) -> str:
    """What must run at installation; as in Fedora's glibc, the loader's cache is all."""
    if name != "libc-bin":
        return ""
    return "%transfiletriggerin -P 2000000 -- /usr/lib\n/usr/sbin/ldconfig\n"
