#!/bin/sh
# crun 1.21 (Debian 13) makes mount points that are missing, but not the one of a second /proc.
#
# Guess:   the mount points of a container are made where they are missing: runc makes all of them, crun makes that of
#          a tmpfs. And the refusal, "it must be mounted at the root", says that proc cannot be mounted elsewhere.
# Happens: crun makes the directory for a proc (or sysfs) mount only directly below /. Deeper, it wants it to be there,
#          and then does mount proc. So an empty directory in the image decides whether the container starts.
# Means:   whoever mounts a /proc for a chroot inside of a container makes the directory first.
#
# Seen, for a mount at /chroot/sub that is missing from the root, and then with that directory in it:
#   runc tmpfs: missing: it runs; there: it runs
#   runc proc: missing: it runs; there: it runs
#   crun tmpfs: missing: it runs; there: it runs
#   crun proc: missing: invalid target `chroot/sub`: it must be mounted at the root; there: it runs
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
run() {
    case $runtime in crun) set -- crun --cgroup-manager=disabled ;; runc) set -- runc ;; esac
    chroot "$root" "$@" run --no-pivot --bundle /bundle finding 2>&1 || :
}
for runtime in runc crun; do
    chroot "$root" "$runtime" --version | head -1
    for kind in tmpfs proc; do
        cat >"$bundle/config.json" <<CONFIG
{"ociVersion": "1.0.2",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/bin/busybox", "echo", "it runs"]},
 "root": {"path": "rootfs"},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/chroot/sub", "type": "$kind", "source": "$kind"}],
 "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]}}
CONFIG
        rm -rf "$bundle/rootfs/chroot"
        missing=$(run)
        mkdir -p "$bundle/rootfs/chroot/sub"
        echo "$runtime $kind: missing: $missing; there: $(run)" | tee -a "$work/seen"
    done
done
INSIDE
export work root bundle
unshare --mount --propagation private sh -eu "$work/inside"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
