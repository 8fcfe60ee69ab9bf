"""The mails about builds and tags, handed to a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import koji
import pytest

from koji_adjutant.config import KojidOptions
from koji_adjutant.errors import MailError
from koji_adjutant.task_handlers.build_notification import BuildNotificationTask
from koji_adjutant.task_handlers.tag_notification import TagNotificationTask
from tests.support.mail_server import Mail, MailServer, make_certificate, serve_mail
from tests.support.scripted_hub import TARGET, ScriptedHub

BUILD = {
    "id": 33,
    "name": "hello",
    "package_name": "hello",
    "version": "1.0",
    "release": "1",
    "epoch": None,
    "state": koji.BUILD_STATES["COMPLETE"],
    "owner_name": "packager",
    "creation_ts": 1_700_000_000.0,
    "completion_ts": 1_700_000_060.0,
    "task_id": 5,
    "volume_name": "DEFAULT",
    "draft": False,
}
TASKS = {
    5: {"id": 5, "method": "build", "label": None, "state": 2, "request": ["git://x#1", "f39", {}]},
    6: {"id": 6, "method": "buildArch", "label": "x86_64", "state": 2, "request": ["h.src.rpm", 2, "x86_64"]},
}
OUTPUT = {
    5: {},
    6: {"build.log": ["DEFAULT"], "hello-1.0-1.src.rpm": ["DEFAULT"], "hello-1.0-1.x86_64.rpm": ["DEFAULT"],
        "noarch_rpmdiff.json": ["DEFAULT"]},
}  # fmt: skip
CHANGELOG = [{"date": "2024-01-01 12:00:00", "author": "Änne <a@b>", "text": "- première\n- second"}]


class Hub(ScriptedHub):
    def __init__(self, **answers: Any) -> None:
        facts = {"arch": "x86_64", "host_id": 1, "channel_id": 1, "owner": 3}
        super().__init__(
            9,
            **{
                "getTaskInfo": lambda task, **_: {**facts, **TASKS.get(task, {"id": task})},
                "getTaskChildren": lambda task: [TASKS[6]] if task == 5 else [],
                "getTaskResult": "done",
                "listTaskOutput": lambda task, **_: OUTPUT[task],
                "getHost": {"name": "builder1"},
                "getUser": lambda user, **_: {"name": f"user{user}"},
                "getTag": lambda tag, **_: {"name": f"tag{tag}"},
                "getBuild": BUILD,
                "getChangelogEntries": CHANGELOG,
                **answers,
            },
        )


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with serve_mail() as server:
        yield server


@pytest.fixture(autouse=True)
def _mail_options(options: KojidOptions, mail: MailServer) -> None:
    options.smtphost = mail.address
    options.topurl = "http://files"


def notify_build(options: KojidOptions, hub: Hub, *recipients: str, **build: Any) -> Any:
    arguments = [list(recipients), BUILD | build, TARGET, "http://web/koji"]
    return BuildNotificationTask(9, "buildNotification", arguments, hub, options).run()


def notify_tag(options: KojidOptions, hub: Hub, *arguments: Any) -> Any:
    return TagNotificationTask(9, "tagNotification", list(arguments), hub, options).run()


def the_mail(server: MailServer) -> Mail:
    (mail,) = server.mails
    return mail


def test_a_complete_build(options: KojidOptions, mail: MailServer) -> None:
    result = notify_build(options, Hub(), "a@example.com", "b@example.com")
    assert result == "sent notification of build 33 to: a@example.com, b@example.com"
    sent = the_mail(mail)
    assert sent.recipients == ("a@example.com", "b@example.com")
    assert dict(sent.message.items()) | {"Content-Type": ""} == {
        "From": options.from_addr,
        "Subject": "Package: hello-1.0-1 Tag: f39 Status: complete Built by: packager",
        "To": "a@example.com, b@example.com",
        "X-Koji-Tag": "f39",
        "X-Koji-Package": "hello",
        "X-Koji-Builder": "packager",
        "X-Koji-Status": "complete",
        "X-Koji-Draft": "False",
        "Content-Type": "",
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    for line in (
        "Package: hello-1.0-1",
        "Tag: f39",
        "Status: complete",
        "Built by: packager",
        "ID: 33",
        "- première",
        "SRPMS:",
        "  hello-1.0-1.src.rpm",
        "Closed tasks:",
        "Task 6 on builder1",
        " http://files/packages/hello/1.0/1/data/logs/x86_64/build.log",
        " http://files/packages/hello/1.0/1/x86_64/hello-1.0-1.x86_64.rpm",
        " http://web/koji/getfile?taskID=6&name=noarch_rpmdiff.json&volume=DEFAULT",
        "Task Info: http://web/koji/taskinfo?taskID=5",
        "Build Info: http://web/koji/buildinfo?buildID=33",
    ):
        assert line in sent.text.splitlines()
    assert sent.raw.isascii()


def test_a_failed_build_says_where_and_why(
    options: KojidOptions, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {number: task | {"state": koji.TASK_STATES["FAILED"]} for number, task in TASKS.items()}
    monkeypatch.setattr("tests.unit.task_handlers.test_notifications.TASKS", failed)
    hub = Hub(getTaskResult=koji.BuildError("error building package"), getChangelogEntries=[])
    notify_build(options, hub, "a@example.com", state=koji.BUILD_STATES["FAILED"])
    lines = the_mail(mail).text.splitlines()
    assert "hello-1.0-1 (33) failed on builder1 (x86_64), builder1 (x86_64):" in lines
    assert "  error building package" in lines
    assert " http://web/koji/getfile?taskID=6&name=build.log&volume=DEFAULT" in lines
    assert "Changelog:" not in lines


def test_a_canceled_build_says_who(options: KojidOptions, mail: MailServer) -> None:
    notify_build(options, Hub(), "a@example.com", state=koji.BUILD_STATES["CANCELED"])
    assert "Canceled by: user3" in the_mail(mail).text.splitlines()


def test_a_build_without_task_or_target(options: KojidOptions, mail: MailServer) -> None:
    arguments = [["a@example.com"], BUILD | {"task_id": None}, None, "http://web"]
    BuildNotificationTask(9, "buildNotification", arguments, Hub(), options).run()
    assert the_mail(mail).message["X-Koji-Tag"] == "None"


@pytest.mark.parametrize(
    ("target", "source", "done", "tags"),
    [
        (1, None, "tagged into tag1", ["tag1"]),
        (None, 2, "untagged from tag2", ["tag2"]),
        (1, 2, "moved from tag2 into tag1", ["tag2", "tag1"]),
    ],
)
def test_tag_operations(
    options: KojidOptions, mail: MailServer, target: Any, source: Any, done: str, tags: list[str]
) -> None:
    result = notify_tag(options, Hub(), ["a@example.com"], True, target, source, 33, 3)
    assert result == "sent notification of tag operation 9 to: a@example.com"
    message = the_mail(mail).message
    assert message["Subject"] == f"hello-1.0-1 successfully {done} by user3"
    assert message.get_all("X-Koji-Tag") == tags
    assert (message["X-Koji-Status"], message["X-Koji-NVR"]) == ("complete", "hello-1.0-1")


def test_a_failed_tag_operation(options: KojidOptions, mail: MailServer) -> None:
    notify_tag(options, Hub(), ["a@example.com"], False, 1, None, 33, 3, True, "policy\nsays no")
    assert the_mail(mail).message["Subject"] == "hello-1.0-1 unsuccessfully tagged into tag1 by user3"
    assert "Operation failed with the error:\n    policy\nsays no\n" in the_mail(mail).text


def test_nobody_is_notified_of_what_nobody_wants_to_know(options: KojidOptions, mail: MailServer) -> None:
    assert notify_tag(options, Hub(), [], True, 1, None, 33, 3) is None
    assert notify_tag(options, Hub(), ["a@example.com"], True, 1, None, 33, 3, True) is None
    assert notify_build(options, Hub()) is None
    assert mail.mails == []


def test_what_packagers_write_cannot_forge_headers(options: KojidOptions, mail: MailServer) -> None:
    evil = "x\r\nBcc: victim@example.com\r\n\r\nbody\x1b[2J"
    hub = Hub(getChangelogEntries=[{"date": "2024-01-01 12:00:00", "author": evil, "text": ".\r\n.\r\nQUIT"}])
    notify_build(options, hub, "a@example.com", version=evil, package_name=evil, owner_name=evil)
    sent = the_mail(mail)
    assert sent.recipients == ("a@example.com",)
    assert "Bcc" not in sent.message
    assert "\x1b" not in sent.text
    assert "QUIT" in sent.text


def test_very_long_words_are_cut(options: KojidOptions, mail: MailServer) -> None:
    hub = Hub(getChangelogEntries=[CHANGELOG[0] | {"text": "ü" * 100_000}])
    notify_build(options, hub, "a@example.com", owner_name="o" * 5000)
    sent = the_mail(mail)
    assert len(sent.text) < 80_000
    assert "Build Info: http://web/koji/buildinfo?buildID=33" in sent.text.splitlines()
    assert max(map(len, sent.raw.splitlines())) < 998


def test_addresses_that_are_none_get_no_mail(options: KojidOptions, mail: MailServer) -> None:
    given = [
        "Ä <good@example.com>",
        "good@example.com",
        "a@b\r\nRCPT TO:<c@d>",
        "nobody",
        "ü@example.com",
        "",
    ]
    notify_build(options, Hub(), *given)
    assert the_mail(mail).recipients == ("good@example.com",)


def test_a_recipient_that_the_server_refuses_does_not_keep_the_mail_from_others(
    options: KojidOptions, mail: MailServer
) -> None:
    mail.refused.add("gone@example.com")
    notify_build(options, Hub(), "gone@example.com", "a@example.com")
    assert the_mail(mail).recipients == ("a@example.com",)
    with pytest.raises(MailError, match=r"gone@example\.com"):
        notify_build(options, Hub(), "gone@example.com")


def test_login_through_tls_where_it_is_offered(options: KojidOptions, tmp_path: Path) -> None:
    options.smtp_user, options.smtp_pass = "koji", "secret"
    with serve_mail(("koji", "secret"), make_certificate(tmp_path)) as server:
        options.smtphost = server.address
        notify_build(options, Hub(), "a@example.com")
    assert (the_mail(server).login, the_mail(server).encrypted) == ("koji", True)


WITHOUT_TLS = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
"""aiosmtpd's, and right it is."""


@WITHOUT_TLS
def test_login_without_tls_as_kojid(options: KojidOptions) -> None:
    options.smtp_user, options.smtp_pass = "koji", "secret"
    with serve_mail(("koji", "secret")) as server:
        options.smtphost = server.address
        notify_build(options, Hub(), "a@example.com")
    assert (the_mail(server).login, the_mail(server).encrypted) == ("koji", False)


@WITHOUT_TLS
def test_a_refused_login_is_reported_without_the_password(options: KojidOptions) -> None:
    options.smtp_user, options.smtp_pass = "koji", "wr0ng"
    with serve_mail(("koji", "secret")) as server:
        options.smtphost = server.address
        with pytest.raises(MailError) as error:
            notify_build(options, Hub(), "a@example.com")
    assert "smtp_pass" in str(error.value)
    assert "wr0ng" not in str(error.value)


@pytest.mark.parametrize("sender", ["ä@", "<@", "a@b, <c@"])
def test_a_sender_that_is_none(sender: str, options: KojidOptions) -> None:
    options.from_addr = sender
    with pytest.raises(MailError, match=f"^No mail can be from '{sender}': set from_addr in kojid.conf"):
        notify_build(options, Hub(), "a@example.com")


def test_no_mail_server(options: KojidOptions) -> None:
    with serve_mail() as server:
        options.smtphost = server.address
    with pytest.raises(MailError, match=f"The mail server {server.address} did not take"):
        notify_build(options, Hub(), "a@example.com")
