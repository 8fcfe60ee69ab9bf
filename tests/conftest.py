"""For all tests: the signals that a terminal's programs have."""

import signal

# A shell starts background jobs with SIGINT ignored, and all that they start inherits it.
signal.signal(signal.SIGINT, signal.default_int_handler)
