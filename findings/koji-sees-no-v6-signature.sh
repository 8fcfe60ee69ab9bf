#!/bin/sh
# To koji 1.36.1 a package of rpm's format 6 is unsigned, whoever has signed it, unless rpmsign was told --rpmv4.
#
# Guess:   koji 1.36 knows packages of format 6, and rpmsign signs them, so that signatures can be imported, and dist
#          repos made for a key, as ever.
# Happens: rpmsign 6 puts the signature into a tag of its own (278) and into no other; koji looks for signatures in the
#          tags of formats 3 and 4 alone. `koji import-sig` passes over the package as unsigned, and the hub files its
#          header under no key. With --rpmv4, which is the default for packages of format 4, rpmsign writes both.
# Means:   sign packages of format 6 with --rpmv4 as long as koji is to know it.
#
# Seen, for one package, its signature's tags and the key that koji finds:
#   rpmsign --addsign: 278, koji: unsigned
#   rpmsign --rpmv4 --addsign: 268 278, koji: signed
# Needs root, mmdebstrap, python3-venv.
set -eu
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
chmod 755 "$work"
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
root=$work/sid
python=python3,python3-dateutil,python3-defusedxml,python3-requests,python3-six
mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' \
    --include="ca-certificates,gpg,gpg-agent,rpm=6.1.0*,$python" sid "$root" "$archive"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" --quiet install --no-deps --target "$root/koji" koji==1.36.1
cp "$(dirname "$0")/../tests/packages/hello-v6/hello-v6-1-1.noarch.rpm" "$root/hello.rpm"

cat >"$root/sign.sh" <<'SH'
set -eu
export GNUPGHOME=/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Somebody <somebody@example.com>' rsa2048 sign
for option in '' --rpmv4; do
    cp /hello.rpm "/signed$option.rpm"
    rpmsign --define '_gpg_name somebody@example.com' --define '__gpg /usr/bin/gpg' \
        $option --addsign "/signed$option.rpm"
done
gpgconf --kill all
SH
chroot "$root" sh /sign.sh >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cat >"$root/look.py" <<'PYTHON'
import sys

sys.path.insert(0, "/koji")
import koji

for option in ("", "--rpmv4 "):
    header = koji.rip_rpm_sighdr(f"/signed{option.strip()}.rpm")
    tags = sorted(tag for tag in koji.RawHeader(header).index if tag in (267, 268, 278, 1002, 1005))
    key = koji.get_sighdr_key(header)
    print(f"rpmsign {option}--addsign:", *tags, end=f", koji: {'signed' if key else 'unsigned'}\n")
PYTHON
chroot "$root" python3 /look.py | tee "$work/seen"
sed -n '/^# Seen/,/^# Needs/s/^#   //p' "$0" | diff - "$work/seen"
