#!/bin/sh
# koji 1.36.1 calls one and the same package by different names, depending on the machine's rpm.
#
# Guess:   koji.get_rpm_ident, by which builders, hubs and clients compare packages ("payloadhash"), tells what is in the
#          package, so it is the same everywhere. For a package with an MD5 digest, as rpm makes them before 6.0, it is.
# Happens: a package of rpm's format 6 has none; koji takes the best digest that rpm's Python module knows a name for.
#          rpm 6 knows SHA3-256; rpm 4.20 passes over it, and keeps it out of its database, in which rpm 6.1 then has to
#          do without it as well.
# Means:   machines that compare names need rpm 6, or read the signature header themselves, from the file. Otherwise
#          the hub sees another package, and `koji download-build` one that "doesn't match db", which it deletes.
#
# Seen, for a package that rpm 6.1 made:
#   digests in the file: sha256 sha3-256
#   best of them: sha3-256::c5e9f747580d8eb4991227bf9aa5e5c0d0c29786e16e68b789d817d4ab491cf8
#   get_rpm_ident with rpm 4.20.1: sha256::e8b5b942108290ab29a47fc0b62a948e700afc803ec7dbad3b8b4d909411c962
#   get_rpm_ident of rpm 4.20.1's database: sha256::e8b5b942108290ab29a47fc0b62a948e700afc803ec7dbad3b8b4d909411c962
# Needs root, mmdebstrap, python3-venv.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/trixie
python=python3,python3-dateutil,python3-defusedxml,python3-requests,python3-six
mmdebstrap --quiet --variant=apt --include="ca-certificates,rpm=4.20.1*,python3-rpm=4.20.1*,$python" \
    trixie "$root" "$archive"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet install --no-deps --target "$root/koji" koji==1.36.1
cp "$(dirname "$0")/../tests/packages/hello-v6/hello-v6-1-1.noarch.rpm" "$root/hello.rpm"

chroot "$root" rpm -i --nodeps --noscripts --dbpath /db /hello.rpm
cat >"$root/names.py" <<'PYTHON'
import sys

sys.path.insert(0, "/koji")
import koji
import rpm

signature = koji.RawHeader(koji.rip_rpm_sighdr("/hello.rpm"))
sha256, sha3 = (signature.get(tag).decode() for tag in (koji.RPM_SIGTAG_SHA256, koji.RPM_SIGTAG_SHA3_256))
print("digests in the file:", *(["sha256"] if sha256 else []), *(["sha3-256"] if sha3 else []))
print("best of them:", koji.make_rpm_ident({"sha256header": sha256, "sha3_256header": sha3}))
version = rpm.__version__
print(f"get_rpm_ident with rpm {version}:", koji.get_rpm_ident(koji.get_rpm_header("/hello.rpm")))
rpm.addMacro("_dbpath", "/db")
for header in rpm.TransactionSet().dbMatch("name", "hello-v6"):
    print(f"get_rpm_ident of rpm {version}'s database:", koji.get_rpm_ident(header))
PYTHON
chroot "$root" python3 /names.py | tee "$work/seen"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
