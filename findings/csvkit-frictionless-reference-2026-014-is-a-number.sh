#!/usr/bin/env bash
# Tools: csvkit 2.2.0 with agate 1.14.2, frictionless 5.21.0 (PyPI), as they infer types; beside them pandas 3.1.1 and duckdb 2.0.1 (PyPI).
# One would guess: a contract's reference 2026_014 is text: no spreadsheet and no CSV writer puts an underscore into a number.
# What happens: both try Python's own conversion, and Python takes an underscore between digits, as in its source code: the reference is
# the whole number 2026014. So are 2026_14 and 202_614, which become equal. pandas and duckdb leave the column as text.
# Why it matters to a register: contracts and evidence are matched by reference; the list no longer finds its own, nor tells two apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check csvkit==2.2.0 agate==1.14.2 frictionless==5.21.0 pandas==3.1.1 duckdb==2.0.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(csvkit|agate|frictionless|pandas|duckdb) '
cat >list.csv <<'CSV'
Supplier,Reference
Haven,2026_014
Holm,2026_14
Quay,202_614
CSV
cat >check.py <<'PY'
import csv, subprocess
import duckdb, frictionless, pandas
rows = csv.reader(subprocess.run(["python/bin/csvsort", "--columns", "Supplier", "list.csv"], capture_output=True, text=True, check=True).stdout.splitlines())
print("csvkit:", [row[1] for row in rows][1:])
print("frictionless:", [row["Reference"] for row in frictionless.Resource(path="list.csv").read_rows()])
print("pandas:", list(pandas.read_csv("list.csv")["Reference"]))
print("duckdb:", [row[0] for row in duckdb.sql("SELECT Reference FROM 'list.csv'").fetchall()])
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
csvkit: ['2026014', '202614', '202614']
frictionless: [2026014, 202614, 202614]
pandas: ['2026_014', '2026_14', '202_614']
duckdb: ['2026_014', '2026_14', '202_614']
EXPECTED
