#!/usr/bin/env bash
# Tool: edtf 5.0.2 (PyPI), text_to_edtf(), which turns dates in words into EDTF (ISO 8601-2), the dates of archives and catalogues.
# One would guess: text with one day, month and year gives that day, whatever number stands before it, and two days of one month give an interval,
# or nothing, as "1 April 2026 to 31 March 2027" gives nothing.
# What happens: where another number stands before the date or in it, 2026 is thrown away and one of the small numbers becomes the year:
# 5-7 June 2026 is 7 June 2005, "12 months from 5 June 2026" and "version 12 of 5 June 2026" are 5 June 2012, "within 30 days of 5 June
# 2026" is in 2030. "24 months from June 2026" is 24 June 2026. None of them is marked as uncertain, as EDTF could.
# Why it matters to a register: contracts and evidence carry such words beside their dates. A date years away sorts a document out of the
# period that is looked at, and it is as well formed as a right one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check edtf==5.0.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^edtf '
cat >check.py <<'PY'
from edtf import text_to_edtf

for text in ["5 June 2026", "valid until 5 June 2026", "5 June 2026 (12 pages)", "1 April 2026 to 31 March 2027", "circa June 2026", "5-7 June 2026",
        "June 5-7, 2026", "12 months from 5 June 2026", "version 12 of 5 June 2026", "within 30 days of 5 June 2026", "24 months from June 2026"]:
    print(f"{text}:", text_to_edtf(text))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
5 June 2026: 2026-06-05
valid until 5 June 2026: 2026-06-05
5 June 2026 (12 pages): 2026-06-05
1 April 2026 to 31 March 2027: None
circa June 2026: 2026-06~
5-7 June 2026: 2005-06-07
June 5-7, 2026: 2007-06-05
12 months from 5 June 2026: 2012-06-05
version 12 of 5 June 2026: 2012-06-05
within 30 days of 5 June 2026: 2030-06-05
24 months from June 2026: 2026-06-24
EXPECTED
