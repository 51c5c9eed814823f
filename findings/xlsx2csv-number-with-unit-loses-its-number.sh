#!/usr/bin/env bash
# Tools: xlsx2csv 0.8.6, pylightxl 1.61, XlsxWriter 3.3.1 (PyPI).
# One would guess: a number cell with a unit in its number format, such as 0" months" or #,##0\ "days" (the way to show "12 months" and
# still count with it), is read as the number.
# What happens: both take letters inside the quotes for day, month, hour and second. xlsx2csv writes the parts of a date into the words,
# and the number itself is nowhere in the line; pylightxl gives "00:00:00" for 12 months and for 45 users.
# Why it matters to a register: review intervals, notice and retention are kept just so. xlsx2csv is what many a script puts before a CSV
# import, and the cell that arrives cannot be repaired.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet xlsx2csv==0.8.6 pylightxl==1.61 xlsxwriter==3.3.1
cat >write.py <<'PY'
import xlsxwriter

with xlsxwriter.Workbook("list.xlsx") as book:
    sheet = book.add_worksheet("S")
    for row, (name, number, form) in enumerate((("Review every", 12, '0" months"'), ("Notice", 90, '#,##0\\ "days"'), ("Users", 45, '0" users"'))):
        sheet.write(row, 0, name)
        sheet.write_number(row, 1, number, book.add_format({"num_format": form}))
PY
venv/bin/python write.py
venv/bin/pip list 2>/dev/null | grep -iE '^(xlsx2csv|pylightxl|xlsxwriter) '
{ venv/bin/xlsx2csv list.xlsx; venv/bin/python -c 'import pylightxl; print("pylightxl", list(pylightxl.readxl("list.xlsx").ws("S").col(2)))'; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Review every,"0"" 01ont12s"""
Notice,"#,##0 ""30ays"""
Users,"0"" users"""
pylightxl ['00:00:00', 90, '00:00:00']
EXPECTED
