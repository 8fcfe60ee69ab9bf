#!/bin/sh
# rpm 4.20 writes into a noarch package for which arch rpmbuild ran.
#
# Guess:   two noarch packages from one spec, built with --target x86_64 and --target aarch64, say the same of
#          themselves. With rpm 4.18 (Debian 12) they do: their tag PLATFORM is noarch, whatever --target was.
# Happens: with rpm 4.20.1 (Debian 13) PLATFORM is the target's.
# Means:   a BuildArch: noarch package that is built once more for another --target than the first time is another
#          package, with every file the same. Who compares builds has to use the first one's target; and of a
#          package it can be told (by PLATFORM) only with newer versions of rpm.
#
# Seen:
#   4.18.0, --target x86_64: arch noarch, platform noarch
#   4.18.0, --target aarch64: arch noarch, platform noarch
#   4.20.1, --target x86_64: arch noarch, platform x86_64
#   4.20.1, --target aarch64: arch noarch, platform aarch64
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
cat >"$work/anywhere.spec" <<'SPEC'
Name: anywhere
Version: 1
Release: 1
Summary: A package for every machine
License: MIT
BuildArch: noarch
%description
%files
SPEC

# In a mount namespace of its own, in which the root is a mount point with a /proc, as a container's is.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
version=$(chroot "$root" rpm --version | awk '{print $NF}')
for target in x86_64 aarch64; do
    chroot "$root" rpmbuild -bb --target "$target" --define "_topdir /$target" /anywhere.spec >"$work/log" 2>&1
    package=$(cd "$root" && ls "$target"/RPMS/noarch/*.rpm)
    chroot "$root" rpm -qp --qf '%{ARCH} %{PLATFORM}\n' "/$package" |
        sed "s/^\([^ ]*\) \([^-]*\).*/$version, --target $target: arch \1, platform \2/" >>"$work/seen"
done
INSIDE
export work root
for release in bookworm=4.18.0 trixie=4.20.1; do
    root=$work/${release%=*}
    packages="base-files,bash,coreutils,dash,rpm=${release#*=}*"
    mmdebstrap --quiet --variant=extract --include="$packages" "${release%=*}" "$root" "$archive"
    cp "$work/anywhere.spec" "$root/"
    unshare --mount --propagation private sh -eu "$work/inside"
done
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | grep -E '^4' | diff - "$work/seen"
