from tests.support.task_fixtures import options, recipes, topdir

__all__ = ["options", "recipes", "topdir"]
