"""Make a spec file from a Cheetah template, as kojid does; runs in a container of the tool image.

The template is a packager's program: this container has nothing but the checkout.

    render_template.py REQUEST

REQUEST is a JSON file: the template's directory and file name, the spec file's name, and the template's
variables. Exit status NO_CHEETAH if the image cannot render templates; any other but 0 is the template's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

NO_CHEETAH = 3


def main() -> int:
    try:
        import Cheetah  # noqa: PLC0415 - it may not be there
        from Cheetah.Template import Template  # noqa: PLC0415
    except ImportError as error:
        print(f"Cheetah cannot be imported: {error}")  # noqa: T201
        return NO_CHEETAH
    request = json.loads(Path(sys.argv[1]).read_text())
    print(f"Rendering {request['template']} with Cheetah {Cheetah.Version}", flush=True)  # noqa: T201
    # templates read the files beside them
    os.chdir(request["directory"])
    path = os.path.join(request["directory"], request["template"])  # noqa: PTH118 - text, for Cheetah
    text = Template(file=path, searchList=[request["values"]]).respond()
    Path(request["spec"]).write_bytes(text.encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
