"""The mails that a worker sends for the hub."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hub.builder import Builder
from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.rpms import RpmMaker
from tests.support.mail_server import Mail

pytestmark = pytest.mark.podman

CHANGELOG = "* Mon Jan 01 2024 Änne Müller <anne@example.com> - 1-1\n- première\n"


@pytest.fixture
def build(builder: Builder, rpms: RpmMaker, farm: Farm) -> Any:
    name = unique("mailed")
    made = rpms.make(name, changelog=CHANGELOG)
    farm.admin.packageListAdd(farm.tag, name, owner=farm.hub.admin.name)
    return builder.imported(made.srpm, made.rpm)


def mail_to(farm: Farm, address: str) -> Mail:
    (mail,) = [mail for mail in farm.mail.mails if address in mail.recipients]
    return mail


def test_a_build(farm: Farm, build: Any) -> None:
    address = f"{unique('someone')}@example.com"
    target = farm.admin.getBuildTarget(farm.target)
    task = farm.worker_task("buildNotification", [address], build, target, "http://web/koji")
    assert farm.closed(task) == f"sent notification of build {build['id']} to: {address}"
    mail = mail_to(farm, address)
    message = mail.message
    assert message["Subject"] == (
        f"Package: {build['nvr']} Tag: {farm.tag} Status: complete Built by: {build['owner_name']}"
    )
    assert "- première" in mail.text
    assert f"Task Info: http://web/koji/taskinfo?taskID={build['task_id']}" in mail.text


def test_a_tag_operation(farm: Farm, build: Any) -> None:
    address = f"{unique('someone')}@example.com"
    tag, user = farm.admin.getTag(farm.tag)["id"], farm.admin.getLoggedInUser()
    task = farm.worker_task("tagNotification", [address], True, tag, None, build["id"], user["id"], False, "")
    assert farm.closed(task) == f"sent notification of tag operation {task} to: {address}"
    subject = f"{build['nvr']} successfully tagged into {farm.tag} by {user['name']}"
    assert mail_to(farm, address).message["Subject"] == subject
