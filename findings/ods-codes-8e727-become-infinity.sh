#!/usr/bin/env bash
# Tools: pandas 3.1.1 with openpyxl 3.1.5, and polars 2.1.0 with XlsxWriter 3.3.1 (PyPI).
# One would guess: cells that a workbook keeps as text, in a column formatted as text, are read as text; and a code that looks like an
# exponent is at worst read as a large number, different for each code.
# What happens: ODS codes of companies such as 8E727 and 8E339 are beyond the largest float. pandas.read_excel turns even text cells
# into infinity, so two suppliers have one and the same key, and to_json writes null for both. polars.read_csv does the same to the
# list as CSV, and its write_excel then puts the formula =1/0 into the identifier's cell.
# Why it matters to a register: a list of companies of this kind of code, sent through a script, comes back with equal or empty keys, or
# with an error value as the code.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pandas==3.1.1 openpyxl==3.1.5 polars==2.1.0 xlsxwriter==3.3.1
cat >finding.py <<'PY'
import openpyxl, pandas, polars

print("pandas", pandas.__version__, "openpyxl", openpyxl.__version__, "polars", polars.__version__)
book = openpyxl.Workbook()
for row in (["ODS code", "Name"], ["8E727", "Holm"], ["8E339", "Haven"]):
    book.active.append(row)
for cell in book.active["A"]:
    cell.number_format = "@"
book.save("list.xlsx")
print("kept as:", [cell.data_type for cell in openpyxl.load_workbook("list.xlsx").active["A"]])
frame = pandas.read_excel("list.xlsx", engine="openpyxl")
print("pandas reads:", frame["ODS code"].tolist(), "unique:", frame["ODS code"].is_unique)
print("pandas writes:", frame.to_json(orient="records"))
with open("list.csv", "w") as file:
    file.write("ODS code,Name\n8E727,Holm\n8E339,Haven\n")
polars.read_csv("list.csv").write_excel("again.xlsx")
print("polars writes:", [cell.value for cell in openpyxl.load_workbook("again.xlsx").active["A"]])
PY
venv/bin/python -W ignore finding.py | tee output.txt
diff <(tail -n +2 output.txt) - <<'EXPECTED' && echo "as found"
kept as: ['s', 's', 's']
pandas reads: [inf, inf] unique: False
pandas writes: [{"ODS code":null,"Name":"Holm"},{"ODS code":null,"Name":"Haven"}]
polars writes: ['ODS code', '=1/0', '=1/0']
EXPECTED
