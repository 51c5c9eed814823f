#!/usr/bin/env bash
# Tool: pycel 1.0b30 (PyPI), which computes the formulas of an Excel workbook without Excel; formulas 1.3.4 (PyPI) beside it.
# One would guess: EDATE of 31 January 2026 and one month is 28 February, as Excel has it;
# a year after 29 February 2024 is 28 February 2025.
# What happens: the days which the month lacks are carried over into the next one: 3 March, and 1 March 2025. A month before 31 March is 3 March
# as well. EOMONTH, from the same module, is right, and formulas has all of them as Excel does.
# Why it matters to a register: the next review and the last day to give notice are mostly formulas of this kind in the spreadsheets that are
# brought along; read in Excel the day is one, read by the program another and up to three days late.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pycel==1.0b30 formulas==1.3.4 openpyxl==3.1.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(pycel|formulas) '
cat >check.py <<'PY'
import datetime, openpyxl
from formulas import Parser
from pycel import ExcelCompiler
asked = ["EDATE(DATE(2026,1,31),1)", "EDATE(DATE(2026,3,31),-1)", "EDATE(DATE(2024,2,29),12)", "EDATE(DATE(2026,1,28),1)", "EOMONTH(DATE(2026,1,31),1)"]
book = openpyxl.Workbook()
for row, formula in enumerate(asked, 1):
    book.active[f"A{row}"] = "=" + formula
book.save("dates.xlsx")
workbook = ExcelCompiler(filename="dates.xlsx")
day = lambda number: datetime.date(1899, 12, 30) + datetime.timedelta(days=int(number))
for row, formula in enumerate(asked, 1):
    print(f"{formula}: pycel {day(workbook.evaluate(f'Sheet!A{row}'))}, formulas {day(Parser().ast('=' + formula)[1].compile()())}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
EDATE(DATE(2026,1,31),1): pycel 2026-03-03, formulas 2026-02-28
EDATE(DATE(2026,3,31),-1): pycel 2026-03-03, formulas 2026-02-28
EDATE(DATE(2024,2,29),12): pycel 2025-03-01, formulas 2025-02-28
EDATE(DATE(2026,1,28),1): pycel 2026-02-28, formulas 2026-02-28
EOMONTH(DATE(2026,1,31),1): pycel 2026-02-28, formulas 2026-02-28
EXPECTED
