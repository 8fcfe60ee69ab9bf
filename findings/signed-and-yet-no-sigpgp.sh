#!/bin/sh
# rpmsign signs a package, and the tag called SIGPGP stays empty.
#
# Guess:   who signed an RPM is in its tag SIGPGP: mock writes a lock's "signature" from %{sigpgp:pgpsig}, and most
#          one-liners for listing keys ask for it. After `rpmsign --addsign` it names the key.
# Happens: the signature that rpmsign makes is in RSAHEADER alone (DSAHEADER for other keys). SIGPGP is (none),
#          unless rpmsign was told --rpmv3, which signs the payload as well, as was usual once.
# Means:   SIGPGP says how a package was signed, not whether. A lock of mock's has null for packages that were signed
#          by today's rpmsign. Who wants the key asks for RSAHEADER, DSAHEADER, SIGPGP, SIGGPG, and OPENPGP for
#          packages of format 6.
#
# Seen:
#   4.18.0, rpmsign --addsign: SIGPGP (none), RSAHEADER a key
#   4.18.0, rpmsign --addsign --rpmv3: SIGPGP a key, RSAHEADER a key
#   4.20.1, rpmsign --addsign: SIGPGP (none), RSAHEADER a key
#   4.20.1, rpmsign --addsign --rpmv3: SIGPGP a key, RSAHEADER a key
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
cat >"$work/plain.spec" <<'SPEC'
Name: plain
Version: 1
Release: 1
Summary: A package to be signed
License: MIT
BuildArch: noarch
%description
%files
SPEC

# In a mount namespace of its own, in which the root is a mount point with a /proc, as a container's is.
cat >"$work/inside" <<'INSIDE'
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
version=$(chroot "$root" rpm --version | awk '{print $NF}')
chroot "$root" env HOME=/tmp gpg --batch --quiet --passphrase '' --quick-generate-key signer@example.com rsa2048 \
    sign >"$work/log" 2>&1
chroot "$root" rpmbuild -bb --define '_topdir /tmp' /plain.spec >>"$work/log" 2>&1
for how in '' ' --rpmv3'; do
    cp "$root/tmp/RPMS/noarch/plain-1-1.noarch.rpm" "$root/tmp/signed.rpm"
    # shellcheck disable=SC2086
    chroot "$root" env HOME=/tmp rpmsign --define '_gpg_name signer@example.com' --define '__gpg /usr/bin/gpg' \
        --addsign$how /tmp/signed.rpm >>"$work/log" 2>&1
    chroot "$root" rpm -qp --qf '%{sigpgp:pgpsig}|%{rsaheader:pgpsig}\n' /tmp/signed.rpm 2>>"$work/log" | sed -e 's/RSA[^|]*Key ID [0-9a-f]*/a key/g' \
        -e "s/\(.*\)|\(.*\)/$version, rpmsign --addsign$how: SIGPGP \1, RSAHEADER \2/" >>"$work/seen"
done
chroot "$root" env HOME=/tmp gpgconf --kill gpg-agent || true
INSIDE
export work root
for release in bookworm=4.18.0 trixie=4.20.1; do
    root=$work/${release%=*}
    packages="base-files,bash,coreutils,dash,gpg,gpg-agent,gpgconf,rpm=${release#*=}*"
    mmdebstrap --quiet --variant=extract --include="$packages" "${release%=*}" "$root" "$archive"
    cp "$work/plain.spec" "$root/"
    unshare --mount --pid --fork --kill-child --propagation private sh -eu "$work/inside" || cat "$work/log"
done
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | grep -E '^4' | diff - "$work/seen"
