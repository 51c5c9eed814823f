#!/usr/bin/env bash
# Tools: pyexcel-ods3 0.6.1, python-calamine 0.9.1, openpyxl 3.1.5, pyexcel-xlsx 0.6.1, odfpy 1.4.1 (PyPI).
# One would guess: a price of 1200 pounds in a cell formatted as currency is the number 1200 from an .ods as it is from an .xlsx, since pyexcel
# promises one interface to both; a percentage next to it is a number too.
# What happens: from the .ods pyexcel gives the text "1200 GBP" (number, space, currency), from the .xlsx the number; calamine gives
# the number from both.
# Why it matters to a register: prices of products are compared and added up; the same list saved by a LibreOffice user fails to import,
# or is sorted as text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyexcel-ods3==0.6.1 pyexcel-xlsx==0.6.1 python-calamine==0.9.1 openpyxl==3.1.5 odfpy==1.4.1
cat >finding.py <<'PY'
import openpyxl, pyexcel_ods3, pyexcel_xlsx
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from python_calamine import CalamineWorkbook

ods, table, row = OpenDocumentSpreadsheet(), Table(name="S"), TableRow()
row.addElement(TableCell(valuetype="currency", currency="GBP", value="1200"))
row.addElement(TableCell(valuetype="percentage", value="0.125"))
table.addElement(row)
ods.spreadsheet.addElement(table)
ods.save("list.ods")
book = openpyxl.Workbook()
book.active.append([1200, 0.125])
for cell, form in zip(book.active[1], ("[$GBP] #,##0.00", "0.0%")):
    cell.number_format = form
book.save("list.xlsx")
print("pyexcel, .ods:", pyexcel_ods3.get_data("list.ods")["S"][0])
print("pyexcel, .xlsx:", pyexcel_xlsx.get_data("list.xlsx")["Sheet"][0])
for path in ("list.ods", "list.xlsx"):
    print("calamine,", path[4:] + ":", CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0])
PY
venv/bin/pip list 2>/dev/null | grep -E '^(pyexcel-ods3|pyexcel-xlsx|python-calamine) '
venv/bin/python finding.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
pyexcel, .ods: ['1200 GBP', 0.125]
pyexcel, .xlsx: [1200, 0.125]
calamine, .ods: [1200.0, 0.125]
calamine, .xlsx: [1200.0, 0.125]
EXPECTED
