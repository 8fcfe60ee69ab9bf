from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.daemon.login import open_session
from koji_adjutant.errors import ConfigError, HubError
from tests.support.http_hub import SESSION, hub


def friendly(method: str, params: tuple[Any, ...]) -> Any:
    return {"login": SESSION, "exclusiveSession": None, "echo": list(params), "logout": None}[method]


def test_the_calls_are_kojid_s(options: KojidOptions) -> None:
    options.user, options.password = "builder1", "secret"
    with hub(friendly) as (url, called):
        options.server = url
        session: Any = open_session(options)
        assert [method for method, _, _ in called] == ["login", "exclusiveSession", "echo"]
        assert session.logged_in
        session.logout()
        session.rsession.close()


def refusal(options: KojidOptions, answer: Callable[[str, tuple[Any, ...]], Any]) -> str:
    options.user, options.password = "builder1", "wrong"
    with hub(answer) as (url, _):
        options.server = url
        with pytest.raises(HubError) as failure:
            open_session(options)
    return str(failure.value).replace(url, "URL")


def test_wrong_password(options: KojidOptions) -> None:
    def refuse(method: str, params: tuple[Any, ...]) -> Any:
        raise koji.AuthError("invalid username or password")

    assert refusal(options, refuse) == (
        "The hub URL refused the login of user builder1: invalid username or password."
    )


def test_another_worker_is_there(options: KojidOptions) -> None:
    def locked(method: str, params: tuple[Any, ...]) -> Any:
        if method == "exclusiveSession":
            raise koji.AuthLockError("Cannot get exclusive session")
        return friendly(method, params)

    assert refusal(options, locked) == (
        "Another worker holds the exclusive session at URL: stop it, or take its session with --force-lock."
    )


def test_not_a_hub(options: KojidOptions) -> None:
    def odd(method: str, params: tuple[Any, ...]) -> Any:
        return "nonsense" if method == "echo" else friendly(method, params)

    assert refusal(options, odd) == "URL answered 'nonsense' instead of ['OK']: check that it is a Koji hub."


def test_hub_unreachable(options: KojidOptions) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        options.server = f"http://127.0.0.1:{unused.getsockname()[1]}/kojihub"
        options.user, options.password = "builder1", "secret"
        with pytest.raises(HubError) as failure:
            open_session(options)
    assert str(failure.value) == (
        f"The hub cannot be reached at {options.server} ([Errno 111] Connection refused): "
        "check the server option and that the hub is up."
    )


def test_nothing_to_log_in_with(options: KojidOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koji, "reqgssapi", None)
    with pytest.raises(HubError, match="There is nothing to log in with"):
        open_session(options)


def test_a_user_without_a_password(options: KojidOptions) -> None:
    options.user = "builder1"
    with pytest.raises(
        HubError, match=r"^There is no password for user builder1: set it in kojid\.conf, too"
    ):
        open_session(options)


@pytest.mark.parametrize("form", ["compile/%d", "compile", "%s/%s", "%"])
def test_a_principal_that_cannot_be_made(
    form: str, options: KojidOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koji, "reqgssapi", object())
    options.host_principal_format = form
    with pytest.raises(ConfigError, match=r"^host_principal_format must have one %s, for the host's name: "):
        open_session(options)


class Session:
    """Notes how somebody logs in."""

    logged_in = True

    def __init__(self, *_: Any) -> None:
        self.logins: list[Any] = []

    def ssl_login(self, *arguments: Any) -> None:
        self.logins.append(("ssl", *arguments))

    def login(self) -> None:
        self.logins.append("password")

    def gssapi_login(self, **arguments: Any) -> None:
        self.logins.append(("gssapi", arguments))

    def exclusiveSession(self, force: bool) -> None:  # noqa: N802
        self.logins.append(("force", force))

    def echo(self, *arguments: Any) -> list[Any]:
        return list(arguments)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(koji, "ClientSession", Session)


@pytest.mark.usefixtures("session")
def test_certificate_first_then_password_then_kerberos(
    options: KojidOptions, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(koji, "reqgssapi", object())
    monkeypatch.setattr(socket, "getfqdn", lambda: "b1.example.com")
    certificate, ccache = tmp_path / "client.crt", tmp_path / "ccache"
    certificate.touch()
    ccache.touch()
    options.cert, options.serverca, options.user = str(certificate), "/ca.crt", "builder1"
    options.password, options.ccache, options.force_lock = "secret", str(ccache), True

    def logins() -> list[Any]:
        session = open_session(options)
        assert isinstance(session, Session)
        return session.logins

    assert logins() == [("ssl", str(certificate), None, "/ca.crt"), ("force", True)]
    certificate.unlink()
    assert logins()[0] == "password"
    options.user = None
    principal = {"principal": "compile/b1.example.com@EXAMPLE.COM", "keytab": options.keytab}
    assert logins()[0] == ("gssapi", principal | {"ccache": str(ccache)})
    assert not ccache.exists()
