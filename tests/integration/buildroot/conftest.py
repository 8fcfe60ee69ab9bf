"""Fixtures that all tests of recipes share."""

from tests.integration.buildroot.fixtures import config, make_srpm, new_workspace, repo, workspace

__all__ = ["config", "make_srpm", "new_workspace", "repo", "workspace"]
