#!/bin/sh
# A container that has a file mounted where there is none leaves one behind, which depends on the runtime.
#
# Guess:   a bind mount is gone with the container; if its target had to be made, then as an empty file like any other,
#          the same with runc and crun.
# Happens: the empty file stays in the root. With crun 1.21 it is executable, and nobody but root may read it, whatever
#          the umask of who starts it; with runc 1.1.15 the umask decides, as for a file that anybody makes.
# Means:   whoever mounts devices into a tree while it is made, and keeps the tree, makes the files first. Otherwise what
#          is in the tree, and who may read it, depends on the runtime.
#
# Seen, the mode of /tree/dev/null after a container that had the host's /dev/null mounted there, by umask:
#   runc, umask 022: 644; umask 077: 600
#   crun, umask 022: 700; umask 077: 700
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/trixie
mmdebstrap --quiet --variant=extract --include='base-files,busybox-static,crun=1.21-1*,runc=1.1.15*' trixie "$root" "$archive"
bundle=$root/bundle
mkdir -p "$bundle/rootfs/bin" "$bundle/rootfs/proc"
cp "$root/bin/busybox" "$bundle/rootfs/bin/"

# The rest runs in a mount namespace of its own, in which the root has /proc, /sys and cgroup v2 alone.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount --bind /dev "$root/dev"
run() {
    case $runtime in crun) set -- crun --cgroup-manager=disabled ;; runc) set -- runc ;; esac
    chroot "$root" "$@" run --no-pivot --bundle /bundle finding 2>&1 || :
}
for runtime in runc crun; do
    chroot "$root" "$runtime" --version | head -1
    cat >"$bundle/config.json" <<CONFIG
{"ociVersion": "1.0.2",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/bin/busybox", "true"]},
 "root": {"path": "rootfs"},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/tree/dev/null", "type": "bind", "source": "/dev/null", "options": ["bind", "ro"]}],
 "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]}}
CONFIG
    line=$runtime,
    for mask in 022 077; do
        rm -rf "$bundle/rootfs/tree"
        said=$(umask $mask; run)
        line="$line umask $mask: $said$(stat -c %a "$bundle/rootfs/tree/dev/null");"
    done
    echo "${line%;}" | tee -a "$work/seen"
done
INSIDE
export work root bundle
unshare --mount --propagation private sh -eu "$work/inside"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
