#!/bin/sh
# In a user namespace an overlay is mounted without a word, and then a directory in it cannot be removed.
#
# Guess:   since Linux 5.11 an overlay can be mounted in a user namespace. If it needs the option userxattr there, mounting it
#          without says so, as redirect_dir=on is refused there.
# Happens: the mount succeeds, and files can be written, changed and removed. But a directory of the lower layer is emptied and
#          cannot be removed: "Input/output error". The mark that would hide it is an attribute trusted.overlay.opaque, which
#          only the host's root may set. It has lost its files by then, and stays. With userxattr the mark is
#          user.overlay.opaque, and all is well, but for directories of a lower layer that are renamed: that needs
#          redirect_dir=on, which cannot be had in a user namespace in either way.
# Means:   that a test mount works says nothing. Name userxattr in a user namespace. Layers made with it are read without their
#          marks where it is not named: what was removed is there again.
#
# Seen on Linux 6.18, in a user namespace of its own:
#   (no option): mounted; rm -r of a lower directory: Input/output error, 0 files left in it; its rename: EXDEV
#   userxattr: mounted; rm -r of a lower directory: done; its rename: EXDEV
#   redirect_dir=on: not mounted
#   userxattr,redirect_dir=on: not mounted
#   a layer of userxattr, mounted without: what was removed is there again
# Needs root, python3, util-linux, and a kernel with overlayfs and user namespaces; the file system of the temporary
# directory has to take upper directories.
set -eu
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf --one-file-system "$work"' EXIT
cat >"$work/inside" <<'INSIDE'
export LC_ALL=C
mkdir merged
for option in '(no option)' userxattr redirect_dir=on userxattr,redirect_dir=on; do
    rm -rf lower upper work
    mkdir -p lower/removed lower/renamed upper work
    echo content >lower/removed/file
    case $option in userxattr*|redirect*) more=,$option ;; *) more= ;; esac
    if ! mount -t overlay overlay merged -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work$more" 2>/dev/null; then
        echo "$option: not mounted"
        continue
    fi
    if said=$(rm -r merged/removed 2>&1); then
        mkdir merged/removed
        removed=done
    else
        removed="${said##*: }, $(ls merged/removed | wc -l) files left in it"
    fi
    renamed=$(python3 -c 'import errno, os
try: os.rename("merged/renamed", "merged/elsewhere")
except OSError as error: print(errno.errorcode[error.errno])
else: print("done")')
    echo "$option: mounted; rm -r of a lower directory: $removed; its rename: $renamed"
    umount merged
    if [ "$option" = userxattr ]; then mv lower kept-lower; mv upper kept-upper; fi
done
rm -rf upper work
mkdir upper work
mount -t overlay overlay merged -o "lowerdir=$PWD/kept-upper:$PWD/kept-lower,upperdir=$PWD/upper,workdir=$PWD/work"
if [ -e merged/removed/file ]; then there='there again'; else there='not there'; fi
echo "a layer of userxattr, mounted without: what was removed is $there"
umount merged
INSIDE
uname -sr
cd "$work"
unshare --user --map-root-user --mount sh -eu "$work/inside" | tee "$work/seen"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
