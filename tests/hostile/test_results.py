"""What a build may leave where its packages are looked for, and what is taken of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pytest

from koji_adjutant.buildroot.files.removal import remove_tree
from koji_adjutant.buildroot.root import BUILD_GID, BUILD_UID, Buildroot, open_buildroot
from koji_adjutant.buildroot.specification.config import BuildrootConfig
from koji_adjutant.builds.decisive import LINE_LENGTH, SENTENCE_LENGTH, find_decisive
from koji_adjutant.builds.results import remove_file, take_packages
from koji_adjutant.builds.rpmbuild import RPMS
from koji_adjutant.errors import BuildFailed
from koji_adjutant.rpm.header import Tag
from tests.integration.buildroot.fixtures import NewWorkspace
from tests.support.rpm_headers import write_rpm

SOCKET = "use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0) and bind(S, sockaddr_un(shift)) or die"
LONG = "a" * 251 + ".rpm"


class Left(NamedTuple):
    """A script for bash, in RPMS, and the sentence of the refusal, or the names that are taken.

    ``{secret}`` is a file of the host's; ~/good.rpm is a package.
    """

    script: str
    outcome: str | list[str]


NOT_REGULAR = "the build left a.rpm, which is not a regular file"
NO_NAME = "the build left a file whose name is not a package's"
NO_PACKAGE = "the build left a.rpm, which is no RPM package"
NO_DIRECTORY = "/builddir/build/RPMS is not a plain directory any more"

LEFT = {
    "nothing": Left("true", []),
    "a package": Left("cp ~/good.rpm a.rpm", ["a.rpm"]),
    "files of other kinds": Left("cp ~/good.rpm a.rpm; touch b.txt; mkdir c; ln -s {secret} d", ["a.rpm"]),
    "a link to a file of the host's": Left("ln -s {secret} a.rpm", NOT_REGULAR),
    "a link by way of /proc": Left("ln -s /proc/self/environ a.rpm", NOT_REGULAR),
    "a link to nowhere": Left("ln -s nowhere a.rpm", NOT_REGULAR),
    "a link to another result": Left("cp ~/good.rpm b.rpm; ln -s b.rpm a.rpm", NOT_REGULAR),
    "a link to itself": Left("ln -s a.rpm a.rpm", NOT_REGULAR),
    "a pipe": Left("mkfifo a.rpm", NOT_REGULAR),
    "a directory": Left("mkdir a.rpm", NOT_REGULAR),
    "a socket": Left(f"perl -e '{SOCKET}' a.rpm", NOT_REGULAR),
    "a second name of another file": Left("cp ~/good.rpm b.rpm; ln b.rpm a.rpm", ["a.rpm", "b.rpm"]),
    "a file that nobody may read": Left("cp ~/good.rpm a.rpm; chmod 0 a.rpm", ["a.rpm"]),
    "a directory that nobody may read": Left("cp ~/good.rpm a.rpm; chmod 0 .", ["a.rpm"]),
    "a file with a hole": Left("cp ~/good.rpm a.rpm; truncate -s 64M a.rpm", ["a.rpm"]),
    "an empty file": Left("touch a.rpm", NO_PACKAGE),
    "a file of zeros": Left("truncate -s 64M a.rpm", NO_PACKAGE),
    "half a package": Left("head -c 100 ~/good.rpm > a.rpm", NO_PACKAGE),
    "a file that is longer than any package": Left(
        "truncate -s 1T a.rpm", "the build left a.rpm with a length"
    ),
    "a name as long as names can be": Left(f"cp ~/good.rpm {LONG}", [LONG]),
    "a name that is an option": Left("touch -- -rf.rpm", NO_NAME),
    "a name that is a command": Left("touch '$(id).rpm'", NO_NAME),
    "a name that is hidden": Left("touch .rpm", NO_NAME),
    "a name with a blank": Left("touch 'a b.rpm'", NO_NAME),
    "a name of two lines": Left(r"touch $'a\nb.rpm'", NO_NAME),
    "a name that a terminal obeys": Left(r"touch $'a\e[2J.rpm'", NO_NAME),
    "a name that is no text": Left(r"touch $'\xff.rpm'", NO_NAME),
    "a name that is read backwards": Left(r"touch $'a\u202emrp.rpm'", NO_NAME),
    "a linked directory": Left("cd ..; rmdir RPMS; ln -s /etc RPMS", NO_DIRECTORY),
    "a file for a directory": Left("cd ..; rmdir RPMS; touch RPMS", NO_DIRECTORY),
    "a pipe for a directory": Left("cd ..; rmdir RPMS; mkfifo RPMS", NO_DIRECTORY),
    "no directory": Left("cd ..; rmdir RPMS", NO_DIRECTORY),
    "a link for ~/build": Left("cd; mv build moved; ln -s moved build", NO_DIRECTORY),
}

TIDY = """
cd
if [ -L build ]; then rm build; mv moved build; fi
chmod -R u+rwX build
rm -rf build/RPMS
mkdir build/RPMS
"""


@pytest.fixture(scope="module")
def root(root: Buildroot) -> Buildroot:
    """The shared one, with a package for builds to leave."""
    os.chown(write_rpm(root.home / "good.rpm", {Tag.NAME: "good"}), BUILD_UID, BUILD_GID)
    return root


@pytest.mark.parametrize("name", LEFT)
def test_what_is_taken(root: Buildroot, tmp_path: Path, name: str) -> None:
    (secret := tmp_path / "secret.rpm").write_text("the host's")
    (target := tmp_path / "result").mkdir()
    left = LEFT[name]
    script = left.script.replace("{secret}", str(secret))
    try:
        made, said = root.capture(["/bin/bash", "-c", f"cd ~/build/RPMS && {script}"])
        assert made == 0, said
        if isinstance(left.outcome, str):
            with pytest.raises(BuildFailed) as refusal:
                take_packages(root.home, RPMS, target)
            assert str(refusal.value).startswith(left.outcome)
            assert str(refusal.value).isprintable()
        else:
            taken = take_packages(root.home, RPMS, target)
            assert [path.name for path in taken] == left.outcome
            assert all(path.stat().st_nlink == 1 and path.stat().st_uid == 0 for path in taken)
        assert all(b"the host's" not in path.read_bytes() for path in target.iterdir())
    finally:
        assert root.capture(["/bin/bash", "-c", TIDY]) == (0, b"")
    assert secret.read_text() == "the host's"


def test_a_result_that_is_removed_is_a_name_only(root: Buildroot, tmp_path: Path) -> None:
    (secret := tmp_path / "secret").write_text("the host's")
    assert root.capture(["/bin/ln", "-s", str(secret), "build/RPMS/a.rpm"]) == (0, b"")
    remove_file(root.home, RPMS, "a.rpm")
    assert root.capture(["/bin/ls", "-A", "build/RPMS"]) == (0, b"")
    assert secret.read_text() == "the host's"


def test_a_home_that_leads_to_the_host(
    new_workspace: NewWorkspace, config: BuildrootConfig, tmp_path: Path
) -> None:
    """What a build has made of its home stays there when packages are installed and the next step runs."""
    (victim := tmp_path / "victim").mkdir()
    (victim / "file").write_text("the host's")
    places = ".rpmmacros .bashrc .profile .bash_profile build/SPECS build/SRPMS build/originals"
    replace = f"for one in {places}; do rm -rf $one; ln -s {victim}/file $one; done"
    with open_buildroot(new_workspace("home"), config) as root:
        assert root.capture(["/bin/bash", "-c", replace]) == (0, b"")
        assert root.install(["libyaml-devel"]).changes
        assert root.capture(["/bin/sh", "-c", "echo x 2>/dev/null > .rpmmacros; echo fine"]) == (0, b"fine\n")
        with pytest.raises(BuildFailed, match="is not a plain directory any more"):
            take_packages(root.home, ("build", "SRPMS"), tmp_path)
    assert [path.name for path in victim.iterdir()] == ["file"]
    assert (victim / "file").read_text() == "the host's"


TREES = {
    "deep": 'perl -e \'for (1..1500) { mkdir "d" and chdir "d" or die }\'',
    "unreadable": "mkdir -p a/b/c; touch a/b/c/d; chmod 0 a/b/c a/b a",
    "read-only": "mkdir -p a/b; touch a/b/c; chmod 500 a/b a",
    "odd names": r"mkdir -p -- $'a\n' -rf '*' $'\xff' '..  '; touch -- $'a\n/x' -rf/-x",
    "pipes and links": "mkfifo a; ln -s / b; ln -s .. c; mkdir d; ln -s ../.. d/e",
    "many": "for n in $(seq 20); do mkdir $n; (cd $n; touch {1..100}); done",
}


def test_whatever_a_build_leaves_can_be_removed(new_workspace: NewWorkspace, config: BuildrootConfig) -> None:
    workspace = new_workspace("trees")
    with open_buildroot(workspace, config) as root:
        for number, (name, script) in enumerate(TREES.items()):
            made = root.capture(["/bin/bash", "-c", f"mkdir {number} && cd {number} && {script}"])
            assert made == (0, b""), name
    remove_tree(workspace.workdir)
    assert not workspace.workdir.exists()


LOGS = {
    "a line of a megabyte": "printf 'error: '; head -c 1048576 /dev/zero | tr '\\0' x; echo",
    "what a terminal obeys": r"printf '\033]0;x\007\033[2J\033[31merror: no\033[0m\r\n'",
    "what is no text": r"printf 'error: \xff\xfe\x00\x01\n'",
    "lines of a hundred thousand": "yes 'error: again' | head -n 100000",
    "what looks like ours": r"printf 'Executing command: true\nerror: Bad exit status from x (%%check)\n'",
}


@pytest.mark.parametrize("name", LOGS)
def test_what_is_quoted_of_a_log(root: Buildroot, tmp_path: Path, name: str) -> None:
    """The log has every byte, and what people are shown of it is short, and obeyed by no terminal."""
    log = tmp_path / "build.log"
    assert root.run(["/bin/bash", "-c", f"{LOGS[name]}; exit 1"], log=log) == 1
    status, said = root.capture(["/bin/bash", "-c", LOGS[name]], limit=1 << 22)
    assert status == 0
    assert log.read_bytes().endswith(said)
    found = find_decisive(log)
    assert found is not None
    assert all(len(line) <= LINE_LENGTH + 1 and line.isprintable() for line in found.lines)
    assert len(found.sentence) <= SENTENCE_LENGTH + 1
    assert found.sentence.isprintable()
