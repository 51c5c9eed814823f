#!/usr/bin/env bash
# Tool: nameparser 2.6.0 (PyPI), HumanName(text), which takes names of people apart.
# One would guess: letters behind a name are no part of it, known ones or not: RGN and RMN of British nurses as RN of American ones, KC of King's
# Counsel as QC of Queen's. The name before them is the same with them and without.
# What happens: RN and QC are letters, RGN, RMN and KC are surnames, in capitals and last as they stand, and the surname becomes a middle name. With a
# comma, "Ann Lee, RGN" goes well, but "Ann Lee, KC" is KC of the family Ann Lee, and of two letters without a comma one joins the name
# in the middle.
# Why it matters to a register: those who manage care homes and sign for them are often nurses, and write it. Sorted and greeted by surname
# they are all Ms RGN, and two lists of the same people do not match.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nameparser==2.6.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^nameparser '
cat >check.py <<'PY'
from nameparser import HumanName

for text in ["Ann Lee RN", "Ann Lee RGN", "Mrs Ann Lee RMN", "Ann Lee RGN RMN", "Ann Lee, RGN", "Ann Lee QC", "Ann Lee KC", "Ann Lee, QC", "Ann Lee, KC"]:
    name = HumanName(text)
    print(f"{text}:", "; ".join(f"{part} {value}" for part, value in name.as_dict().items() if value))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Ann Lee RN: first Ann; last Lee; suffix RN
Ann Lee RGN: first Ann; middle Lee; last RGN
Mrs Ann Lee RMN: title Mrs; first Ann; middle Lee; last RMN
Ann Lee RGN RMN: first Ann; middle Lee RGN; last RMN
Ann Lee, RGN: first Ann; last Lee; suffix RGN
Ann Lee QC: first Ann; last Lee; suffix QC
Ann Lee KC: first Ann; middle Lee; last KC
Ann Lee, QC: first Ann; last Lee; suffix QC
Ann Lee, KC: first KC; last Ann Lee
EXPECTED
