#!/bin/sh
# Of two files called *.spec in a source package, rpm installs one among the specs and the other among the sources.
#
# Guess:   whatever is called *.spec in a source package is a spec: `rpm -i` puts all of them into %_specdir, and whoever
#          lists the package (`rpm -qpl`) can take the first one, or has to refuse a package with two.
# Happens: the file that rpmbuild was called with has a flag (RPMFILE_SPECFILE), and only that one goes to %_specdir.
#          Any other is a source, goes to %_sourcedir, and may stand first in the list, which is sorted and shows no flags.
# Means:   find the spec by its flag (`rpm -qp --qf '[%{FILENAMES} %{FILEFLAGS:fflags}\n]'`, letter s), not by its name. A
#          package with two is nothing special, but a tool that takes the first name of the list looks for a file that is
#          not there.
#
# Seen with rpm 4.18.0, the list of a package that was made of the-spec.spec, and what is where once it is installed:
#   a-source.spec the-spec.spec
#   SOURCES: a-source.spec
#   SPECS: the-spec.spec
#   flagged: the-spec.spec
# Needs root, mmdebstrap.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/bookworm
mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --include="ca-certificates,rpm=4.18.0*" bookworm "$root" "$archive"

cat >"$root/show.sh" <<'SH'
set -eu
mkdir -p /made/SOURCES
echo '# an example, for whoever reads the sources' >/made/SOURCES/a-source.spec
cat >/the-spec.spec <<'SPEC'
Name: two-specs
Version: 1
Release: 1
Summary: Has two files that are called so
License: MIT
BuildArch: noarch
Source0: a-source.spec
%description
%{summary}.
SPEC
rpmbuild --quiet --define '_topdir /made' -bs /the-spec.spec
package=/made/SRPMS/two-specs-1-1.src.rpm
echo $(rpm -qpl "$package")
rpm -i --define '_topdir /installed' "$package"
for place in SOURCES SPECS; do echo "$place:" $(ls /installed/$place); done
echo flagged: $(rpm -qp --qf '[%{FILENAMES} %{FILEFLAGS:fflags}\n]' "$package" | awk '$2 == "s" {print $1}')
SH
chroot "$root" sh /show.sh 2>"$work/log" | tee "$work/seen"
cat "$work/log" >&2
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
