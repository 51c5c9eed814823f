#!/usr/bin/env bash
# Tool: clevercsv 0.8.5 (PyPI), read_table() and detect_dialect(), which tell how a CSV file is written.
# One would guess: a file of one column, a name or an address on each line and neither comma nor semicolon in it, has one column, as it
# says of one of web addresses and of one of dates.
# What happens: a column of mail addresses is split at @, a column of company names at the spaces, in as many cells as a name has words,
# under a head of one. The second column of mail addresses has no head at all.
# Why it matters to a register: a list of suppliers' names or contacts is the simplest import there is; what arrives as the first column is
# "Bright", "Holm" and "help", and that is a plausible name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check clevercsv==0.8.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(clevercsv) '
cat >check.py <<'PY'
import clevercsv
for lines in [("Supplier", "Bright Care Ltd", "Quay House Homes Ltd", "Haven"), ("Email", "help@bright.example", "help@quay.example"),
        ("Website", "https://bright.example/a", "https://quay.example/a"), ("Review", "2026-06-05", "2026-07-06")]:
    with open("list.csv", "w") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{clevercsv.detect_dialect('list.csv').delimiter!r}:", clevercsv.read_table("list.csv"))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
' ': [['Supplier'], ['Bright', 'Care', 'Ltd'], ['Quay', 'House', 'Homes', 'Ltd'], ['Haven']]
'@': [['Email'], ['help', 'bright.example'], ['help', 'quay.example']]
'': [['Website'], ['https://bright.example/a'], ['https://quay.example/a']]
'': [['Review'], ['2026-06-05'], ['2026-07-06']]
EXPECTED
