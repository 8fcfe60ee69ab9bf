#!/bin/sh
# rpmbuild 4.20.1 (Debian 13) runs a script for a spec, and then says that it cannot take that spec.
#
# Guess:   a spec that is not for this arch is refused when it is read, before anything is run for it: rpmbuild 4.18
#          (Debian 12) says so in its first line. So a line "Executing(%...)" in a log means that the spec was accepted.
# Happens: the script %mkbuilddir is run first, and the build directory is there; only then is the arch looked at.
# Means:   who tells a refused spec from a failed build by whether a script was run must leave %mkbuilddir out.
#
# Seen:
#   ExclusiveArch of another machine: status 1, build directory made
#   Executing(%mkbuilddir)
#   error: Architecture is not included
#   error: parsing failed
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/trixie
mmdebstrap --quiet --variant=extract --include='base-files,bash,coreutils,dash,rpm=4.20.1*' trixie "$root" "$archive"
cat >"$root/elsewhere.spec" <<'SPEC'
Name: elsewhere
Version: 1
Release: 1
Summary: A package for another machine
License: MIT
ExclusiveArch: s390
%description
%files
SPEC

# In a mount namespace of its own, in which the root is a mount point with a /proc, as a container's is.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
chroot "$root" rpmbuild --version
status=0
chroot "$root" rpmbuild -bb --define '_topdir /build' /elsewhere.spec >"$work/log" 2>&1 || status=$?
[ -d "$root/build/BUILD/elsewhere-1-build" ] && made='made' || made='not made'
echo "ExclusiveArch of another machine: status $status, build directory $made" >"$work/seen"
grep -oE '^(Executing\(%[a-z]*\)|error: [A-Za-z ]*)' "$work/log" >>"$work/seen"
INSIDE
export work root
unshare --mount --propagation private sh -eu "$work/inside"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
