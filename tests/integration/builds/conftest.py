"""Fixtures that all tests of recipes share."""

from tests.integration.buildroot.fixtures import config, make_srpm, new_workspace, repo, workspace
from tests.integration.builds.tags import request_, topdir
from tests.support.http_server import served

__all__ = ["config", "make_srpm", "new_workspace", "repo", "request_", "served", "topdir", "workspace"]
