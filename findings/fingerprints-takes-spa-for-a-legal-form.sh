#!/usr/bin/env bash
# Tool: fingerprints 1.3.1 with rigour 2.6.1 (PyPI), generate() and remove_types(), made to compare names of companies and people.
# One would guess: of "Harbour Spa Ltd" the form is Ltd, at the end; what stands before it belongs to the name, the more so as an Italian
# S.p.A. is never a Ltd. Limited, Cyfyngedig (which is its Welsh form in law) and community interest company are treated alike.
# What happens: remove_types() takes off every word that is a form somewhere: Harbour Spa Ltd is "harbour", AB Care Ltd "care", SE Homes Ltd
# "homes", Quay PT Ltd "quay". generate() drops a bracket with what is in it, so "Bright Care (North) Ltd" and "Bright Care (South)
# Ltd" have one fingerprint. Cyfyngedig stays on, and of "Community Interest Company" only Company is shortened, to "co".
# Why it matters to a register: two companies with one fingerprint are offered as twins to be merged, and the two names of one are not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check fingerprints==1.3.1 rigour==2.6.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(fingerprints|rigour) '
cat >check.py <<'PY'
import fingerprints
for name in ["Harbour Spa Ltd", "Harbour Ltd", "AB Care Ltd", "SE Homes Ltd", "Quay PT Ltd", "Bright Care (North) Ltd", "Bright Care (South) Ltd", "Gofal Glan Cyfyngedig", "Gofal Glan Ltd", "Bright Care Community Interest Company"]:
    print(f"{name}: {fingerprints.generate(name)} | {fingerprints.remove_types(name)}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Harbour Spa Ltd: harbour ltd spa | harbour
Harbour Ltd: harbour ltd | harbour
AB Care Ltd: ab care ltd | care
SE Homes Ltd: homes ltd se | homes
Quay PT Ltd: ltd pt quay | quay
Bright Care (North) Ltd: bright care ltd | bright care north
Bright Care (South) Ltd: bright care ltd | bright care south
Gofal Glan Cyfyngedig: cyfyngedig glan gofal | gofal glan cyfyngedig
Gofal Glan Ltd: glan gofal ltd | gofal glan
Bright Care Community Interest Company: bright care co community interest | bright care community interest
EXPECTED
