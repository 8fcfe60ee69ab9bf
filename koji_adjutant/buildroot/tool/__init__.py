"""Programs that run inside tool containers, with that image's own python, dnf and rpm.

They import nothing of ours, take their orders from /work/request.json and answer with files in /work, so
that no package name, URL or path is ever part of a command line.
"""
