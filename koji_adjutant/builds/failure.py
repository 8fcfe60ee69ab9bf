"""How a failed build is reported: in kojid's words, which tools and people look for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from koji_adjutant.buildroot.status import (
    BOTH_LOGS,
    BUILD_FAILED,
    FAILED,
    PACKAGE_MANAGER_FAILED,
    TIMED_OUT,
    mock_sentence,
)
from koji_adjutant.errors import (
    BuildFailed,
    BuildPrevented,
    BuildrootError,
    BuildTimeout,
    DependencyError,
    EngineError,
    InstallTimeout,
    StepStoppedError,
)


class StepFailedError(Exception):
    """A step that ended badly: mock's exit status for that, the log to look into, and perhaps the reason."""

    def __init__(self, status: int, log: str, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.log = log
        self.reason = reason


@contextmanager
def kojid_message_on_failure(beginning: str) -> Iterator[None]:
    """Give errors that end the block kojid's message, which starts with ``beginning``.

    It goes on ", mock exited with status N; see LOG for more information". Failed steps become BuildFailed; a
    time limit and missing packages stay what they are. What comes between a build and its end, as a package
    that cannot be had or a container that is gone, becomes BuildPrevented: the build's failure for the hub,
    as with mock, of the class that its cause has. The first line of the message is a stock builder's; what
    is known beyond it is on the second.
    """
    try:
        yield
    except StepFailedError as failure:
        message = f"{beginning}, {mock_sentence(failure.status, failure.log)}"
        raise BuildFailed(f"{message}\n{failure.reason}" if failure.reason else message) from failure
    except BuildTimeout as error:
        raise BuildTimeout(f"{beginning}, {mock_sentence(TIMED_OUT, 'build.log')}\n{error}") from error
    except StepStoppedError as error:
        raise BuildFailed(f"{beginning}, {mock_sentence(BUILD_FAILED, 'build.log')}\n{error}") from error
    except BuildFailed as error:
        raise BuildFailed(f"{beginning}, {mock_sentence(FAILED, BOTH_LOGS)}\n{error}") from error
    except DependencyError as error:
        sentence = mock_sentence(PACKAGE_MANAGER_FAILED, "root.log")
        raise DependencyError(f"{beginning}, {sentence}\n{error}") from error
    except InstallTimeout as error:
        sentence = mock_sentence(PACKAGE_MANAGER_FAILED, "root.log")
        raise BuildTimeout(f"{beginning}, {sentence}\n{error}") from error
    except BuildrootError as error:
        sentence = mock_sentence(PACKAGE_MANAGER_FAILED, "root.log")
        raise BuildPrevented(f"{beginning}, {sentence}\n{error}") from error
    except EngineError as error:
        raise BuildPrevented(f"{beginning}, {mock_sentence(FAILED, BOTH_LOGS)}\n{error}") from error
