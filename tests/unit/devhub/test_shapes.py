"""The fields of answers: those that a real hub gave a stock builder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import koji
import pytest

from tests.support.rpm_file import write_rpm
from tests.unit.devhub.builder import Builder

FIELDS = {
    "getSessionInfo": """
        authtype callnum exclusive expired master renew_time renew_ts start_time start_ts
        update_time update_ts user_id
    """,
    "host.getHost": """
        arches capacity comment description enabled id name ready task_load update_ts user_id
    """,
    "repo.request request": """
        active at_event create_time create_ts id min_event opts owner owner_name priority repo_id
        tag_id tag_name task_id task_state tries update_time update_ts
    """,
    "repo.request repo": """
        begin_event begin_ts create_event create_ts creation_time creation_ts custom_opts dist
        end_event end_ts id opts state state_time state_ts tag_id tag_name task_id task_state
    """,
    "host.getTasks": """
        arch channel_id create_ts host_id id method priority state
    """,
    "host.openTask": """
        arch awaited channel_id completion_time completion_ts create_time create_ts host_id id label
        method owner parent priority request start_time start_ts state waiting weight
    """,
    "getTaskInfo": """
        arch awaited channel_id completion_time completion_ts create_time create_ts host_id id label
        method owner parent priority request start_time start_ts state waiting weight
    """,
    "getBuildConfig": """
        arches config_inheritance extra id locked maven_include_all maven_support name perm perm_id
        query_event
    """,
    "getExternalRepoList": """
        arches external_repo_id external_repo_name merge_mode priority tag_id tag_name url
    """,
    "getPackageConfig": """
        blocked extra_arches owner_id owner_name package_id package_name tag_id tag_name
    """,
    "getFullInheritance": """
        child_id currdepth filter intransitive maxdepth name nextdepth noconfig parent_id pkg_filter
        priority
    """,
    "listBuildroots": """
        arch br_type cg_id cg_name cg_version container_arch container_type create_event_id
        create_event_time create_ts extra host_arch host_id host_name host_os id
        repo_create_event_id repo_create_event_time repo_id repo_state retire_event_id
        retire_event_time retire_ts state tag_id tag_name task_id
    """,
    "host.completeBuild": """
        build_id cg_id cg_name completion_time completion_ts creation_event_id creation_time
        creation_ts draft epoch extra id name nvr owner_id owner_name package_id package_name
        promoter_id promoter_name promotion_time promotion_ts release source start_time start_ts
        state task_id version volume_id volume_name
    """,
    "listTaggedRPMS rpms": """
        arch build_id buildroot_id buildtime draft epoch extra id metadata_only name payloadhash
        release sigkey size version
    """,
    "listTaggedRPMS builds": """
        build_id completion_time create_event creation_event_id creation_time draft epoch id name
        nvr owner_id owner_name package_id package_name promoter_id promoter_name promotion_time
        release start_time state tag_id tag_name task_id version volume_id volume_name
    """,
    "getBuildTarget": """
        build_tag build_tag_name dest_tag dest_tag_name id name
    """,
    "getChannel": """
        comment description enabled id name
    """,
}


@pytest.fixture
def answers(builder: Builder, admin: koji.ClientSession, repo_id: int, tmp_path: Path) -> dict[str, Any]:
    """What the hub says in the course of a build."""
    session, host = builder.session, builder.host
    found: dict[str, Any] = {"getSessionInfo": session.getSessionInfo(), "host.getHost": host.getHost()}
    admin.createTag("shapes", arches="x86_64")
    found["repo.request request"] = session.repo.request("shapes")["request"]
    found["repo.request repo"] = session.repo.request("dist-build")["repo"]
    task_id = admin.makeTask("build", ["src", "dist", {}], assign="builder1")
    found["host.getTasks"] = host.getTasks()[0]
    found["host.openTask"] = host.openTask(task_id)
    found["getTaskInfo"] = session.getTaskInfo(task_id, request=True)
    event = session.getLastEvent()["id"]
    found["getBuildConfig"] = session.getBuildConfig("dist-build", event=event)
    found["getExternalRepoList"] = session.getExternalRepoList("dist-build", event=event)[0]
    found["getFullInheritance"] = session.getFullInheritance("dist-build")[0]
    found["getBuildTarget"] = session.getBuildTarget("dist")
    found["getChannel"] = session.getChannel(1, strict=True)
    buildroot = host.newBuildRoot(repo_id, "x86_64", task_id=task_id)
    found["listBuildroots"] = session.listBuildroots(hostID=builder.id, state=[0, 1, 2])[0]
    data = {"name": "shaped", "version": "1.0", "release": "1", "epoch": None, "task_id": task_id}
    build_id = host.initBuild(data)
    paths = [
        builder.upload(task_id, write_rpm(tmp_path, "shaped", source=source)) for source in (True, False)
    ]
    brmap = dict.fromkeys(paths, buildroot)
    found["host.completeBuild"] = host.completeBuild(task_id, build_id, paths[0], paths[1:], brmap)
    admin.packageListAdd("dist", "shaped", "kojiadmin")
    found["getPackageConfig"] = session.getPackageConfig("dist", "shaped")
    host.tagBuild(task_id, "dist", build_id)
    rpms, builds = session.listTaggedRPMS("dist", package="shaped", rpmsigs=True)
    found["listTaggedRPMS rpms"], found["listTaggedRPMS builds"] = rpms[0], builds[0]
    return found


def test_fields(answers: dict[str, Any]) -> None:
    assert set(answers) == set(FIELDS)
    for call, fields in FIELDS.items():
        assert sorted(answers[call]) == fields.split(), call
