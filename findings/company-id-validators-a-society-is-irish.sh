#!/usr/bin/env bash
# Tool: company-id-validators 0.1.0 (PyPI), validate_gb_company_number() and auto_detect(), for numbers of companies in Europe.
# One would guess: the numbers that Companies House gives out are British company numbers: eight digits, two letters and six digits, and for
# registered societies also IP12345R, SP1234RS and NP12345R. What is refused as British is not quietly another country's.
# What happens: societies are refused, and auto_detect() then throws their letters away and calls what is left "CRO number (well-formed)",
# of Ireland. So does any text with four to seven digits in it, though the same answer says that Irish numbers have no letters: an
# NHS organisation (8E727 has four), ISO 27001, a reference 2026-014. Numbers with letters such as CE and CS, of charities, pass with a warning.
# Why it matters to a register: housing associations and co-operatives that give care are societies; they are looked up in Dublin, or two
# suppliers of the same digits are taken for one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check company-id-validators==0.1.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep '^company-id-validators '
cat >check.py <<'PY'
from company_id_validators import auto_detect, validate_gb_company_number
for text in ("01234567", "SC123456", "OC301234", "CE012345", "IP12345R", "SP1234RS", "NP12345R", "IP54321R", "123456", "8E727", "ISO 27001", "2026-014"):
    British, found = validate_gb_company_number(text), auto_detect(text)
    print(f"{text}: British {British['ok']}{' (letters not known)' * British.get('unknown_prefix', False)}; detected as {found['detected_as']}, {found.get('kind')}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
01234567: British True; detected as gb-company, UK company number (well-formed)
SC123456: British True; detected as gb-company, UK company number (well-formed)
OC301234: British True; detected as gb-company, UK company number (well-formed)
CE012345: British True (letters not known); detected as gb-company, UK company number (well-formed)
IP12345R: British False; detected as ie-cro, CRO number (well-formed)
SP1234RS: British False; detected as ie-cro, CRO number (well-formed)
NP12345R: British False; detected as ie-cro, CRO number (well-formed)
IP54321R: British False; detected as ie-cro, CRO number (well-formed)
123456: British False; detected as ie-cro, CRO number (well-formed)
8E727: British False; detected as ie-cro, CRO number (well-formed)
ISO 27001: British False; detected as ie-cro, CRO number (well-formed)
2026-014: British False; detected as ie-cro, CRO number (well-formed)
EXPECTED
