#!/bin/sh
# mergerepo_c 0.17.3 (Debian 12) leaves repositories out of the merged one, and exits 0.
#
# Guess:   a repository that cannot be read makes mergerepo_c fail. It does so for one that is not there: status 1.
# Happens: createrepo_c since 1.0 compresses with zstd by default, which 0.17.3 cannot read. It says "Cannot load repo",
#          leaves that repository out and all that come after it on the command line, writes the others, exits 0.
#          If it comes first, a well-formed repository without packages is the result.
# Means:   look into what was merged, or make what older programs merge with --general-compress-type=gz (not
#          --compress-type, which is for additional metadata alone). mergerepo_c fails here since 0.17.7.
#
# Seen, with repositories of one package each:
#   gzip.1 zstd gzip.2: status 0, packages: one
#   zstd gzip.1 gzip.2: status 0, packages:
#   gzip.1 gzip.2: status 0, packages: one two
#   gzip.1 missing: status 1, packages:
# Needs root, mmdebstrap, python3-venv.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/bookworm
mmdebstrap --quiet --variant=extract --include='bash,coreutils,dash,createrepo-c=0.17.3-2*,rpm=4.18.0*' bookworm "$root" "$archive"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet install createrepo-c==1.2.5

package() { # NAME REPOSITORY
    printf '%s\n' "Name: $1" 'Version: 1' 'Release: 1' 'Summary: A package' 'License: MIT' 'BuildArch: noarch' \
        '%description' '%files' >"$root/$1.spec"
    chroot "$root" rpmbuild --quiet -bb --define '_topdir /build' --define "_rpmdir /$2" "/$1.spec" >"$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
}

merge() { # REPOSITORY...
    rm -rf "$root/merged"
    status=0
    chroot "$root" mergerepo_c --outputdir /merged $(printf -- '--repo file:///%s ' "$@") >"$work/log" 2>&1 || status=$?
    merged=$(zcat "$root"/merged/repodata/*-primary.xml.gz 2>/dev/null | sed -n 's/.*<name>\(.*\)<.*/ \1/p' | tr -d '\n')
    echo "$*: status $status, packages:$merged" | tee -a "$work/seen"
}

package one gzip.1
package two gzip.2
package three zstd
for repository in gzip.1 gzip.2; do chroot "$root" createrepo_c --quiet "/$repository"; done
"$work/venv/bin/createrepo_c" --quiet "$root/zstd"

chroot "$root" mergerepo_c --version
merge gzip.1 zstd gzip.2
grep 'Cannot load repo' "$work/log"
merge zstd gzip.1 gzip.2
merge gzip.1 gzip.2
merge gzip.1 missing
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
