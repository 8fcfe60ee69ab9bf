from tests.support.task_fixtures import options, topdir

__all__ = ["options", "topdir"]
