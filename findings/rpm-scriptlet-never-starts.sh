#!/bin/sh
# rpm 4.20.1 (Debian 13) installs a package in a container, exits 0, and has not even started its scriptlet.
#
# Guess:   status 0 means that %post was run, or failed by its own doing. Root in a container with the usual few
#          capabilities can install packages: rpm 4.18 (Debian 12) runs their scriptlets there.
# Happens: the plugin "unshare", which Debian 13 has in the package rpm and switches on, gives each scriptlet a mount and
#          a network namespace, for which a process needs CAP_SYS_ADMIN. Without it no scriptlet is started, which rpm
#          calls "exit status 126" of the scriptlet: of %post it only warns, and exits 0.
# Means:   in containers say --noplugins (RPMTRANS_FLAG_NOPLUGINS), or take status 126 for a failure.
#          rpm 6.1.0 (Debian sid) does the same, but exits 1, with the package installed.
#
# Seen:
#   all capabilities: status 0, installed, %post has run
#   no CAP_SYS_ADMIN: status 0, installed, %post has not run
#   no CAP_SYS_ADMIN --noplugins: status 0, installed, %post has run
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/trixie
mmdebstrap --quiet --variant=extract --include='base-files,bash,coreutils,dash,rpm=4.20.1*' trixie "$root" "$archive"
cat >"$root/hello.spec" <<'SPEC'
Name: hello
Version: 1
Release: 1
Summary: A package with a scriptlet
License: MIT
BuildArch: noarch
%description
%post
touch /post-has-run
%files
SPEC

# In a mount namespace of its own, in which the root is a mount point with a /proc, as a container's is.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
chroot "$root" rpmbuild --quiet -bb --define '_topdir /build' /hello.spec >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
install() { # CAPABILITIES CASE OPTION...
    capabilities=$1 case=$2
    shift 2
    rm -rf "$root/db" "$root/post-has-run"
    status=0
    setpriv --bounding-set="$capabilities" chroot "$root" \
        rpm -i --nodeps --dbpath /db "$@" /build/RPMS/noarch/hello-1-1.noarch.rpm || status=$?
    chroot "$root" rpm -q --quiet --dbpath /db hello && installed=installed || installed='not installed'
    [ -e "$root/post-has-run" ] && ran='has run' || ran='has not run'
    echo "$case: status $status, $installed, %post $ran" | tee -a "$work/seen"
}
chroot "$root" rpm --version
install +all 'all capabilities'
install -sys_admin 'no CAP_SYS_ADMIN'
install -sys_admin 'no CAP_SYS_ADMIN --noplugins' --noplugins
INSIDE
export work root
unshare --mount --propagation private sh -eu "$work/inside"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
