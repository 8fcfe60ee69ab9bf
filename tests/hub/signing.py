"""Real signatures: a key of gpg's, and rpmsign."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.hub.rpms import Rpm


@dataclass(frozen=True)
class Signer:
    """A key in a gpg home of its own; ``key`` is its id as Koji writes it."""

    home: Path
    fingerprint: str

    @property
    def key(self) -> str:
        return self.fingerprint[-8:].lower()

    def sign(self, rpm: Rpm, directory: Path) -> Path:
        """A signed copy of the package in ``directory``."""
        copy = Path(shutil.copy(rpm.path, directory))
        # Debian's rpm looks for gpg2, which Debian does not have
        macros = {"__gpg": shutil.which("gpg"), "_gpg_name": self.fingerprint}
        defines = [word for name, value in macros.items() for word in ("--define", f"{name} {value}")]
        command = ["rpmsign", *defines, "--addsign", str(copy)]
        subprocess.run(
            command, check=True, capture_output=True, env=os.environ | {"GNUPGHOME": str(self.home)}
        )
        return copy


@contextmanager
def signer() -> Iterator[Signer]:
    """A new key, and no agent of gpg's left behind."""
    # the agent's socket is in there: its path must be short
    with tempfile.TemporaryDirectory(prefix="gpg-", dir="/tmp", ignore_cleanup_errors=True) as directory:
        environment = os.environ | {"GNUPGHOME": directory}
        gpg = ["gpg", "--batch", "--quiet"]
        make = [
            *gpg,
            "--passphrase",
            "",
            "--quick-generate-key",
            "Tests <tests@example.com>",
            "rsa2048",
            "sign",
        ]
        subprocess.run(make, check=True, capture_output=True, env=environment)
        try:
            listed = subprocess.run(
                [*gpg, "--list-keys", "--with-colons"],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            ).stdout
            fingerprints = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")]
            yield Signer(Path(directory), fingerprints[0])
        finally:
            subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True, env=environment)
