"""``python -m koji_adjutant.devhub DIR [ADMIN:PASSWORD]``: what running_devhub starts."""

from __future__ import annotations

import sys
from pathlib import Path

from koji_adjutant.devhub.server.directory import ADMIN
from koji_adjutant.devhub.server.serving import serve

name, _, password = (sys.argv[2] if len(sys.argv) > 2 else ":".join(ADMIN)).partition(":")
serve(Path(sys.argv[1]), "127.0.0.1", 0, (name, password))
