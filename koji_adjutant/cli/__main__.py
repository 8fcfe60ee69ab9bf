"""``python -m koji_adjutant.cli``: the ``koji-adjutant`` command where its script is not on PATH."""

from koji_adjutant.cli import main

main()
