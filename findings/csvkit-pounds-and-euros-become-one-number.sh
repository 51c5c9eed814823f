#!/usr/bin/env bash
# Tool: csvkit 2.2.0 with agate 1.14.2 (PyPI), csvsort and csvjson as they infer types.
# One would guess: a column of prices £450, €450 and $450 is text; or, where such a tool reads money as numbers, three currencies in one
# column make it text. 99% is text, or 0.99.
# What happens: every currency sign is dropped, whichever it is, and the column holds 450 three times; 99% becomes 99. Sorting by another
# column rewrites the file so, with exit code 0 and nothing said.
# Why it matters to a register: which supplier bills in which currency is lost for good, totals add up pounds and euros, and what was
# promised to be up 99% of the time is 9900% for whoever reads a share as a number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check csvkit==2.2.0 agate==1.14.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(csvkit|agate) '
cat >list.csv <<'CSV'
Product,Price,Uptime
Scribe,£450,99.9%
Chat,€450,99%
Rota,$450,95%
CSV
{ python/bin/csvsort --columns Product list.csv; python/bin/csvjson list.csv; echo; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Product,Price,Uptime
Chat,450,99
Rota,450,95
Scribe,450,99.9
[{"Product": "Scribe", "Price": 450.0, "Uptime": 99.9}, {"Product": "Chat", "Price": 450.0, "Uptime": 99.0}, {"Product": "Rota", "Price": 450.0, "Uptime": 95.0}]
EXPECTED
