#!/bin/sh
# podman 5.4 (Debian 13) does not remember which device of the host a container was given.
#
# Guess:   PathOnHost in `podman inspect` is the path that --device had, as Source is that of a volume.
# Happens: a container keeps a device's numbers only. inspect looks through /dev for a node that has them, and names
#          that: with several nodes of the same numbers it can be another one than was asked for.
# Means:   who checks what of the host a container has compares PathInContainer, or numbers; PathOnHost is a guess.
#
# Seen, for --device /dev/lent, a second node of /dev/zero's numbers:
#   asked for /dev/lent: PathOnHost /dev/zero, PathInContainer /dev/lent
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/trixie
mmdebstrap --quiet --variant=apt --include='podman=5.4.2*,crun=1.21-1*' trixie "$root" "$archive"
mkdir -p "$root/rootfs/bin"

# The rest runs in a mount namespace of its own, in which the root has a /dev of its own.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
mkdir "$root/dev/shm"
mknod "$root/dev/null" c 1 3
mknod "$root/dev/zero" c 1 5
mknod "$root/dev/lent" c 1 5
podman() {
    chroot "$root" podman --storage-driver vfs --cgroup-manager cgroupfs "$@"
}
podman --version
podman create --quiet --name finding --network none --device /dev/lent --rootfs /rootfs /bin/true >"$work/id"
podman inspect finding --format \
    '{{range .HostConfig.Devices}}asked for /dev/lent: PathOnHost {{.PathOnHost}}, PathInContainer {{.PathInContainer}}{{end}}' |
    tee "$work/seen"
INSIDE
export work root
unshare --mount --propagation private sh -eu "$work/inside"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
