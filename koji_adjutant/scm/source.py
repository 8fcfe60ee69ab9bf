"""A place in a source code management system, parsed from a koji SCM URL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlunsplit

import koji
from koji.daemon import SCM

from koji_adjutant.errors import SourceError
from koji_adjutant.text import MASK

_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]*)?")
_USER = re.compile(r"[A-Za-z0-9_][^\s@/\\]*")
# an escape would be undone before ssh sees it
_SSH_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_PATH = re.compile(r"[^\x00-\x1f\x7f\\]*")
# svn takes what follows an @ for a revision of its own
_SVN_PATH = re.compile(r"[^\x00-\x1f\x7f\\@]*")
_CREDENTIALS = re.compile(r"://([^/?#]*:[^/?#]*)@")
# what git allows in a ref or an expression for a commit, without what would make it a refspec or a range
_REVISION = re.compile(r"(?![-+.])(?!.*\.\.)[^\x00-\x20\x7f:?*\[\\]+")


def parse_url(url: str, *, allow_password: bool = False) -> SCM:
    """Parse a koji SCM URL.

    Raises koji's own faults, without the password that koji puts into them, and SourceError.
    """
    try:
        return SCM(url, allow_password=allow_password)
    except ValueError:  # of urllib, about its host; it may quote a password
        raise SourceError("Unable to parse SCM URL: its host is malformed") from None
    except koji.GenericError as error:
        message = str(error)
        if credentials := _CREDENTIALS.search(url):
            user = credentials[1].partition(":")[0]
            message = message.replace(credentials[1], f"{user}:{MASK}")
        error.args = (message,)
        raise


@dataclass(frozen=True)
class ScmSource:
    """The fields of ``koji.daemon.SCM``, which parses the URL and decides what is allowed.

    ``scheme`` ends in ``://``; ``user`` may carry a password; ``module`` may be empty; ``source_cmd`` None
    means there is none.
    """

    url: str
    scmtype: str
    scheme: str
    user: str | None
    host: str
    repository: str
    module: str
    revision: str
    use_common: bool = True
    source_cmd: Sequence[str] | None = ("make", "sources")

    @classmethod
    def of(cls, scm: Any) -> ScmSource:
        """Take over the fields of a ``koji.daemon.SCM``.

        use_common and source_cmd are what its assert_allowed has set, if that was called. Raises SourceError
        for a part that could be taken for an option or that leaves its directory.
        """
        source = cls(
            url=scm.url,
            scmtype=scm.scmtype,
            scheme=scm.scheme,
            user=scm.user or None,
            host=scm.host,
            repository=scm.repository,
            module=scm.module,
            revision=scm.revision,
            use_common=scm.use_common,
            source_cmd=None if scm.source_cmd is None else tuple(scm.source_cmd),
        )
        source.check()
        return source

    def check(self) -> None:
        """Check what the parts of the URL would do as arguments: koji looks at its form only.

        Raises SourceError for a part that could be taken for an option or that leaves its directory.
        """
        if not self.url.isprintable():
            # the URL parser drops tabs and newlines without a word
            raise SourceError(f"SCM URL {self.shown_url!r} has control characters in it")
        path = _SVN_PATH if self.scmtype.startswith("SVN") else _PATH
        parts = (
            ("host", self.host, _HOST),
            ("user", self.user or "user", _SSH_USER if self.scmtype.endswith("+SSH") else _USER),
            ("path", self.repository, path),
            ("module", self.module, path),
            ("revision", self.revision, _REVISION),
        )
        for name, value, allowed in parts:
            if not allowed.fullmatch(value):
                raise self._refusal(name, repr(self._without_password(value)))
        for name, value in (("path", self.repository), ("module", self.module)):
            steps = value.strip("/").split("/")
            if ".." in steps or any(step.startswith("-") for step in steps):
                raise self._refusal(name, "it has a part that is '..' or begins with '-'")
        if self.directory_name in {"", ".", ".."}:
            raise SourceError(f"SCM URL {self.shown_url!r} names no repository")
        if not self.is_git and not self.module:
            raise SourceError(f"SCM URL {self.shown_url!r} names no module: write it after a '?'")
        if not self.is_git and self.module.startswith("/"):
            raise self._refusal("module", "it begins with '/'")

    def _refusal(self, part: str, why: str) -> SourceError:
        return SourceError(f"the {part} in SCM URL {self.shown_url!r} is not acceptable: {why}")

    def _without_password(self, text: str) -> str:
        return text.replace(f":{self.password}", f":{MASK}") if self.password else text

    @property
    def shown_url(self) -> str:
        """The URL for people's eyes."""
        return self._without_password(self.url)

    @property
    def port(self) -> str | None:
        """The host's port with its colon, None if it has none."""
        match = _HOST.fullmatch(self.host)
        return match["port"] if match else None

    @property
    def is_git(self) -> bool:
        return self.scmtype.startswith("GIT")

    @property
    def directory_name(self) -> str:
        """What the checkout's directory is called; decides between several spec files."""
        path = self.repository if self.is_git else f"/{self.module}"
        path = path.removesuffix("/.git").removesuffix(".git") if self.is_git else path
        return path.rsplit("/", 1)[-1]

    @property
    def source_directory(self) -> str:
        """Where the spec is looked for, below the directory of the checkout."""
        if not self.is_git:
            return self.module.strip("/")
        module = self.module.strip("/")
        return f"{self.directory_name}/{module}" if module else self.directory_name

    @property
    def password(self) -> str | None:
        return self.user.partition(":")[2] or None if self.user else None

    def koji_source(self, commit: str | None) -> dict[str, str]:
        """Return what ``koji.daemon.SCM.get_source`` returns: url as asked for, and source.

        With git that is the URL with ``commit``, with others the URL itself.
        """
        if not self.is_git or commit is None:
            return {"url": self.url, "source": self.url}
        parts = (self.scheme.removesuffix("://"), self.host, self.repository, self.module, commit)
        return {"url": self.url, "source": urlunsplit(parts)}
