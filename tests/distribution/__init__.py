"""A small RPM distribution made from Debian packages, for the demo and the tests.

``python -m tests.distribution`` leaves a dnf repository in ``DIR/repo``; see README.md beside this file.
"""
