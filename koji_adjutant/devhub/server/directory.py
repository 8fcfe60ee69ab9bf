"""What a hub's directory holds, and setting it up.

DIR/devhub.sqlite   the database
DIR/topdir/         packages/, repos/, repos-dist/, work/, scratch/: what koji calls topdir
DIR/devhub.json     while it runs: {"hub": URL, "files": URL, "topdir": path, "pid": process id}
DIR/devhub.lock     locked while it runs
DIR/devhub.log      its log when started by ``running_devhub``
"""

from __future__ import annotations

from pathlib import Path

from koji_adjutant.devhub.core.call import Call, Session
from koji_adjutant.devhub.core.database import Database
from koji_adjutant.devhub.people import passwords

ADMIN = ("kojiadmin", "kojiadmin")
READY_FILE = "devhub.json"
LOCK_FILE = "devhub.lock"
LOG_FILE = "devhub.log"
DATABASE = "devhub.sqlite"


def open_directory(directory: Path, admin: tuple[str, str] = ADMIN) -> Database:
    """Open the database; the first time it is made, with an admin and the user that keeps repos (kojira)."""
    (directory / "topdir").mkdir(parents=True, exist_ok=True)
    for name in ("packages", "repos", "repos-dist", "work", "scratch"):
        (directory / "topdir" / name).mkdir(exist_ok=True)
    path = directory / DATABASE
    new = not path.exists()
    db = Database(path)
    if new:
        path.chmod(0o600)
        with db.transaction():
            _first_users(db, admin)
    return db


def _first_users(db: Database, admin: tuple[str, str]) -> None:
    values = {"name": admin[0], "password": passwords.hash_password(admin[1])}
    call = Call(db, Session(user_id=db.insert("users", values), user_name=admin[0]), Path(), "setup")
    kojira = db.insert("users", {"name": "kojira"})
    for user_id, perm in ((call.session.user_id, "admin"), (kojira, "repo")):
        perm_id = db.value("SELECT id FROM permissions WHERE name = ?", (perm,))
        call.add("user_perms", user_id=user_id, perm_id=perm_id)
