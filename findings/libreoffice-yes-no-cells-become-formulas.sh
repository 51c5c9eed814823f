#!/usr/bin/env bash
# Tools: LibreOffice 7.4.7.2 (Debian), openpyxl 3.1.5, pyexcel-ods3 0.6.1 (PyPI).
# One would guess: a cell that holds the boolean TRUE in an .xlsx is still a boolean after LibreOffice has saved the file, as .xlsx or .ods.
# What happens: where the cell has the General number format, as openpyxl and XlsxWriter leave it, LibreOffice keeps the formula TRUE().
# openpyxl, which reads formulas by default, then gives the text "=TRUE()"; in the .ods it is a formula of type float, read as 1.
# Why it matters to a register: a column "Live" or "Holds personal data" of a questionnaire that one care home has opened and saved
# once comes back as formulas, which an importer rightly distrusts, or as numbers, from a sheet in which nobody wrote a formula.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet openpyxl==3.1.5 pyexcel-ods3==0.6.1
cat >write.py <<'PY'
import openpyxl

book = openpyxl.Workbook()
for row in (["Product", "Live"], ["Holm", True], ["Haven", False]):
    book.active.append(row)
book.save("list.xlsx")
PY
cat >read.py <<'PY'
import openpyxl, pyexcel_ods3

for path in ("list.xlsx", "saved/list.xlsx"):
    print(path, [cell.value for cell in openpyxl.load_workbook(path).active["B"]])
print("saved/list.ods", [row[1] for row in pyexcel_ods3.get_data("saved/list.ods")["Sheet"] if row])
PY
venv/bin/python write.py
soffice --version
for kind in xlsx ods; do
  soffice "-env:UserInstallation=file://$folder/profile" --headless --convert-to $kind --outdir saved list.xlsx >/dev/null 2>&1
done
venv/bin/python read.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
list.xlsx ['Live', True, False]
saved/list.xlsx ['Live', '=TRUE()', '=FALSE()']
saved/list.ods ['Live', 1, 0]
EXPECTED
