"""For all tests: the signals that a terminal's programs have, and workers that no busy machine stops."""

import os
import signal
from pathlib import Path

# A shell starts background jobs with SIGINT ignored, and all that they start inherits it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_PATHS = (str(Path(__file__).parent / "idle_machine"), os.environ.get("PYTHONPATH"))
os.environ["PYTHONPATH"] = os.pathsep.join(path for path in _PATHS if path)
