#!/usr/bin/env bash
# Tools: formulas 1.3.4 (PyPI), which computes the formulas of an Excel workbook without Excel; hyperformula 3.5.0 (npm) beside it.
# One would guess: COUNTIF(A1:A4,"<>") counts the cells with something in them, COUNTIF with "y*" finds Yes as "yes" does (Excel heeds no capitals),
# and SUM and COUNT over cells leave out those which hold text, as in Excel; hyperformula, another engine for the same functions, does so.
# What happens: of Yes, No, an empty cell and Yes, "<>" counts 1 instead of 3. "yes" finds both, but "y*" none, and "*" counts the empty cell
# too. The text "5", which a cell set to text holds, is counted by COUNT and added by SUM, 10 in place of 5; AVERAGE of the same two cells
# is an error.
# Why it matters to a register: "how many questions are answered" and the total of the scores are such formulas in the questionnaires which
# suppliers send back; the workbook shows one figure, and what is imported from it is another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check formulas==1.3.4 openpyxl==3.1.5
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund hyperformula@3.5.0 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^formulas '
npm ls --depth 0 | grep @
cat >cells.json <<'JSON'
{"cells": ["Yes", "No", null, "Yes", 5, "5"],
 "asked": ["COUNTIF(A1:A4,\"<>\")", "COUNTIF(A1:A4,\"yes\")", "COUNTIF(A1:A4,\"y*\")", "COUNTIF(A1:A4,\"*\")", "SUM(A5:A6)", "COUNT(A5:A6)", "AVERAGE(A5:A6)"]}
JSON
cat >check.py <<'PY'
import json, openpyxl
from formulas import ExcelModel
given = json.load(open("cells.json"))
sheet = (book := openpyxl.Workbook()).active
for row, cell in enumerate(given["cells"], 1):
    sheet[f"A{row}"] = cell
for row, formula in enumerate(given["asked"], 1):
    sheet[f"B{row}"] = "=" + formula
book.save("answers.xlsx")
print("the cell A6 holds", repr(openpyxl.load_workbook("answers.xlsx").active["A6"].value))
result = ExcelModel().loads("answers.xlsx").finish().calculate()
for row, formula in enumerate(given["asked"], 1):
    print(f"formulas: {formula}:", result[f"'[answers.xlsx]SHEET'!B{row}"].value[0, 0])
PY
cat >check.cjs <<'JS'
const { HyperFormula } = require('hyperformula');
const { cells, asked } = require('./cells.json');
const rows = cells.map((cell) => [cell === '5' ? "'5" : cell]);
const sheet = HyperFormula.buildFromArray([...rows, asked.map((formula) => '=' + formula)], { licenseKey: 'gpl-v3', useWildcards: true });
asked.forEach((formula, col) => console.log(`hyperformula: ${formula}: ${sheet.getCellValue({ sheet: 0, row: rows.length, col })}`));
JS
{ python/bin/python check.py 2>/dev/null; node check.cjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
the cell A6 holds '5'
formulas: COUNTIF(A1:A4,"<>"): 1
formulas: COUNTIF(A1:A4,"yes"): 2
formulas: COUNTIF(A1:A4,"y*"): 0
formulas: COUNTIF(A1:A4,"*"): 4
formulas: SUM(A5:A6): 10.0
formulas: COUNT(A5:A6): 2
formulas: AVERAGE(A5:A6): #VALUE!
hyperformula: COUNTIF(A1:A4,"<>"): 3
hyperformula: COUNTIF(A1:A4,"yes"): 2
hyperformula: COUNTIF(A1:A4,"y*"): 2
hyperformula: COUNTIF(A1:A4,"*"): 3
hyperformula: SUM(A5:A6): 5
hyperformula: COUNT(A5:A6): 1
hyperformula: AVERAGE(A5:A6): 5
EXPECTED
