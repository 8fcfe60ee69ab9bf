"""A session with the hub, as it is passed about: a ``koji.ClientSession``, which has no types of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from koji_adjutant.hub.calls import HostCalls, HubCalls, SchedulerCalls
from koji_adjutant.hub.rows import ChunkReceipt


class Uploads(Protocol):
    """What uploading takes. Paths of directories are relative to the hub's ``work``."""

    opts: dict[str, Any]
    """koji's options of a session: ``use_fast_upload``, ``max_retries`` and the like."""

    def uploadWrapper(
        self, localfile: str, path: str, name: str | None = ..., *, volume: str | None = ...
    ) -> None:
        """Upload a file as a whole into the directory ``path``."""
        ...

    def rawUpload(self, chunk: bytes, offset: int, path: str, name: str, *, overwrite: bool) -> ChunkReceipt:
        """Upload a part of a file, which may be there already with ``overwrite``."""
        ...

    def uploadFile(
        self, path: str, name: str, size: int, md5sum: tuple[str, str], offset: int, data: str
    ) -> bool:
        """Upload a part of a file, in base64. Returns whether it arrived as it was sent."""
        ...


class HubSession(HubCalls, Uploads, Protocol):
    """The hub's calls, and what koji's client library adds to them.

    A call that fails for want of the hub is repeated by the library, as ``opts`` say.
    """

    @property
    def sinfo(self) -> Mapping[str, Any]:
        """The login: ``session-id`` and the key."""
        ...

    @property
    def host(self) -> HostCalls: ...

    @property
    def scheduler(self) -> SchedulerCalls: ...

    def multicall(self, *, batch: int) -> AbstractContextManager[MultiCall]:
        """Collect the block's calls, and make them in its end, so many at a time."""
        ...

    def login(self) -> object: ...

    def ssl_login(self, cert: str, ca: None, serverca: str | None) -> object: ...

    def gssapi_login(self, *, principal: str, keytab: str, ccache: str) -> object: ...

    def exclusiveSession(self, *, force: bool) -> None:
        """Make this the user's only session. Raises koji.AuthLockError for another one, without ``force``."""
        ...

    def echo(self, *args: str) -> list[str]: ...

    def logout(self) -> object: ...

    def subsession(self) -> HubSession:
        """Return a session of the same user, for another process."""
        ...

    def _forget(self) -> None:
        """Forget the login, which now is another process's."""
        ...

    def downloadTaskOutput(self, taskID: int, fileName: str) -> bytes: ...


class MultiCall(Protocol):
    """A session whose calls are made together; each returns at once what will have its answer."""

    @property
    def host(self) -> MultiHostCalls: ...


class MultiHostCalls(Protocol):
    def writeSignedRPM(self, an_rpm: int, sigkey: str) -> LaterAnswer:
        """Have the hub write the copy of a package that is signed with this key."""
        ...


class LaterAnswer(Protocol):
    """The answer of one of several calls, when they have been made."""

    @property
    def result(self) -> object:
        """What the hub answered; raises what it refused with."""
        ...
