#!/usr/bin/env bash
# Tool: cleanco 2.3 (PyPI), basename(), which takes legal forms off the end of a company's name.
# One would guess: "Bright Care UK Ltd" becomes "Bright Care UK": Ltd is a legal form, UK says which of a group's companies it is.
# What happens: UK goes too, because "uk" stands in its list as a legal form of Uzbekistan, and matches() finds the name to be of there
# as well. The name then equals that of Bright Care Ltd, another company. A bracket that belongs to the name loses its closing half:
# "Bright Care (CFH) Ltd" becomes "Bright Care (CFH". And the forms that British law gives companies in Welsh, Cyfyngedig (Ltd) and
# CCC (plc), stay on, so the Welsh and the English name of one company remain two.
# Why it matters to a register: matching names by their base merges a British branch with its parent or with a stranger.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check cleanco==2.3
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep cleanco
cat >check.py <<'PY'
from cleanco import basename, countrysources, matches
for name in ["Bright Care Ltd", "Bright Care UK Ltd", "Bright Care Scotland Ltd", "Bright Care (CFH) Ltd", "Gofal Glan Cyfyngedig", "Gofal Glan CCC", "Bright Care CIC"]:
    print(f"{name}: {basename(name)}")
print("Bright Care UK: of", ", ".join(matches("Bright Care UK", countrysources())))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Bright Care Ltd: Bright Care
Bright Care UK Ltd: Bright Care
Bright Care Scotland Ltd: Bright Care Scotland
Bright Care (CFH) Ltd: Bright Care (CFH
Gofal Glan Cyfyngedig: Gofal Glan Cyfyngedig
Gofal Glan CCC: Gofal Glan CCC
Bright Care CIC: Bright Care
Bright Care UK: of Uzbekistan
EXPECTED
