#!/bin/sh
# An overlay mounted with redirect_dir=on marks directories that nobody has renamed.
#
# Guess:   redirect_dir=on changes what a rename leaves in the upper directory, and nothing else: a layer written without
#          renames is the same, byte for byte and attribute by attribute, with the option and without it.
# Happens: with it, each new directory in a directory that the layers below have too gets trusted.overlay.opaque. Without
#          it there is no mark, since the layers below might be changed while nothing is mounted, which redirect_dir rules
#          out: the mark saves looking there.
# Means:   whoever keeps upper directories and compares them, or names them by how they were made, has to treat the option
#          as a part of that. Turning it on makes layers differ that are the same to whoever uses them.
#
# Seen on Linux 6.18, the attributes of a new directory beside one of the lower layer:
#   redirect_dir=off: none
#   redirect_dir=on: trusted.overlay.opaque
# Needs root, python3, and a kernel with overlayfs; the file system of the temporary directory has to take upper directories.
set -eu
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'umount "$work"/*/merged 2>/dev/null || :; rm -rf --one-file-system "$work"' EXIT
uname -sr
for option in off on; do
    place=$work/$option
    mkdir -p "$place/lower/shared/old" "$place/upper" "$place/work" "$place/merged"
    mount -t overlay overlay "$place/merged" \
        -o "lowerdir=$place/lower,upperdir=$place/upper,workdir=$place/work,index=off,metacopy=off,xino=off,redirect_dir=$option"
    mkdir "$place/merged/shared/new"
    umount "$place/merged"
    found=$(python3 -c 'import os, sys; print(*sorted(os.listxattr(sys.argv[1])) or ["none"])' "$place/upper/shared/new")
    echo "redirect_dir=$option: $found" | tee -a "$work/seen"
done
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
