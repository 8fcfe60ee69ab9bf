"""Real svn, cvs and ssh servers on the loopback interface, each with its repositories; git's, too."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, str]


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """Where servers that run as nobody find their files; pytest's own directories are root's alone."""
    with tempfile.TemporaryDirectory(prefix="adjutant-scm-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@dataclass(frozen=True)
class SvnServer:
    """``directory`` holds the repositories, ``authority`` is host and port."""

    directory: Path
    authority: str

    def tree(self, name: str) -> Path:
        """The working copy of a repository, made if need be; what is put there gets committed."""
        repository = self.directory / name
        if not repository.exists():
            _run("svnadmin", "create", str(repository))
            _run("svn", "checkout", "--quiet", repository.as_uri(), f"{repository}.tree")
        return Path(f"{repository}.tree")

    def commit(self, name: str, files: Files, externals: str = "") -> None:
        """Commit files to a repository; ``externals`` are those of the directory foo."""
        tree = self.tree(name)
        _write(tree, files)
        _run("svn", "add", "--quiet", "--force", str(tree))
        if externals:
            _run("svn", "propset", "--quiet", "svn:externals", externals, str(tree / "foo"))
        _run("svn", "commit", "--quiet", "--message", "x", str(tree))

    def url(self, name: str, module: str, revision: object) -> str:
        return f"svn://{self.authority}/{name}?{module}#{revision}"


@contextmanager
def serve_svn(directory: Path) -> Iterator[SvnServer]:
    """svnserve, started anew for each connection."""
    with _inetd(["svnserve", "--inetd", "--root", str(directory)]) as port:
        yield SvnServer(directory, f"127.0.0.1:{port}")


@dataclass(frozen=True)
class CvsServer:
    """One repository, ``root``; anonymous and the user me (password ``secret``) may read it."""

    root: Path
    authority: str

    def commit(self, module: str, files: Files, tag: str) -> None:
        """Import files as a new module with a tag."""
        tree = self.root.parent / "import" / module
        _write(tree, files)
        _run("cvs", "-Q", "-d", str(self.root), "import", "-m", "x", module, "vendor", tag, cwd=tree)
        _run("chmod", "-R", "a+rwX", str(self.root))  # for nobody's locks

    def url(self, module: str, revision: str, user: str = "") -> str:
        return f"cvs://{user}{self.authority}{self.root}?{module}#{revision}"


@contextmanager
def serve_cvs(directory: Path) -> Iterator[CvsServer]:
    """The pserver protocol; ``directory`` must be reachable."""
    root = directory / "cvs"
    _run("cvs", "-d", str(root), "init")
    # crypt(3) of "secret"
    (root / "CVSROOT/passwd").write_text("anonymous::nobody\nme:abNANd1rDfiNc:nobody\n")
    with _inetd(["cvs", "-f", f"--allow-root={root}", "pserver"]) as port:
        yield CvsServer(root, f"127.0.0.1:{port}")


@dataclass(frozen=True)
class SshServer:
    """Lets in the user of the tests; ``home`` has what a client needs, which knows the server as ``host``."""

    home: Path
    host: str = "scm.tests"
    user: str = getpass.getuser()


@contextmanager
def serve_ssh(directory: Path) -> Iterator[SshServer]:
    """sshd with keys that exist for this only."""
    client = directory / "home" / ".ssh"
    client.mkdir(parents=True)
    host_key, key = directory / "host_key", client / "id_ed25519"
    for file in (host_key, key):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file))
    (directory / "authorized_keys").write_text((client / "id_ed25519.pub").read_text())
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd insists; a service manager makes it elsewhere
    options = {
        "HostKey": host_key,
        "AuthorizedKeysFile": directory / "authorized_keys",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
    }
    arguments = [f"-o{name}={value}" for name, value in options.items()]
    with _inetd(["/usr/sbin/sshd", "-i", "-e", "-f", "/dev/null", *arguments]) as port:
        public = (directory / "host_key.pub").read_text()
        (client / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
        (client / "config").write_text(f"Host scm.tests\n  HostName 127.0.0.1\n  Port {port}\n")
        yield SshServer(directory / "home")


def git_repository(tree: Path, files: Files) -> str:
    """Make a repository that clients can read which know only how to fetch files. Returns its commit.

    It is one pack: git asks for several loose objects at once, some of them without its password.
    """
    tree.mkdir(parents=True)
    _write(tree, files)
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet", "--allow-empty", "--message=x"],
        ["repack", "-adq"],
        ["update-server-info"],
    ):
        _run("git", "-C", str(tree), *arguments)
    return _run("git", "-C", str(tree), "rev-parse", "HEAD").strip()


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def _inetd(command: list[str]) -> Iterator[int]:
    """Run the command for each connection, on its socket; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # cvs goes to its temporary directory as nobody
        environment = os.environ | {"TMPDIR": "/tmp"}

        def accept() -> None:
            with suppress(OSError):  # the listener is closed
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        subprocess.run(
                            command,
                            stdin=connection.fileno(),
                            stdout=connection.fileno(),
                            stderr=subprocess.DEVNULL,
                            env=environment,
                            check=False,
                        )

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _write(tree: Path, files: Files) -> None:
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)


def _run(*command: str, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
