#!/usr/bin/env bash
# Tool: pyxform 4.5.0 (PyPI), which makes ODK forms out of questionnaires in spreadsheets; xmlschema 4.3.2 (PyPI) knows the types of XML.
# One would guess: a day typed into a cell, as the default of a date question, as a choice's name or as the form's version, is that day in
# the form: 2026-06-05; a day with a time is written with the T that the type dateTime asks for. A workbook makes the same form as the same
# questionnaire written as text.
# What happens: from a workbook the day is "2026-06-05 00:00:00", which is neither an XML date nor a dateTime, under a question declared to be
# a date; the choice's name and the version have the midnight too. The time of day alone is right. Nothing is warned of.
# Why it matters to a register: the renewal date that is on record is put in as the default so; what opens the form shows no date, or an
# error, and a choice named by its day is answered with a name that no rule ({due} = '2026-06-05') meets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pyxform==4.5.0 xmlschema==4.3.2
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(pyxform|xmlschema) '
cat >check.py <<'PY'
import datetime, re
import openpyxl
from pyxform.xls2xform import convert
from xmlschema import XMLSchema
types = XMLSchema('<schema xmlns="http://www.w3.org/2001/XMLSchema"/>').maps.types
day, moment, time = datetime.date(2026, 6, 5), datetime.datetime(2026, 6, 5, 9, 30), datetime.time(9, 30)
sheets = {
    "survey": [["type", "name", "label", "default"], ["date", "due", "Due", day], ["datetime", "at", "At", moment], ["time", "daily", "Daily", time],
               ["select_one days", "chosen", "Which day", None]],
    "choices": [["list_name", "name", "label"], ["days", day, "Friday"]],
    "settings": [["form_title", "form_id", "version"], ["Renewal", "renewal", day]],
}
book = openpyxl.Workbook()
book.remove(book.active)
for name, rows in sheets.items():
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
book.save("form.xlsx")
written = lambda cell: cell.isoformat() if hasattr(cell, "isoformat") else cell or ""
lines = lambda rows: "".join("| | " + " | ".join(map(written, row)) + " |\n" for row in rows)
text = "".join(f"| {name} |\n{lines(rows)}" for name, rows in sheets.items())
for source in ["form.xlsx", text]:
    made = convert(source)
    print("from a workbook" if source == "form.xlsx" else "from text", f"(warnings {made.warnings}):")
    for name, kind in [("due", "date"), ("at", "dateTime"), ("daily", "time")]:
        [value] = re.findall(f"<{name}>(.*?)</{name}>", made.xform)
        print(f"  {name}: {value}, an XML {kind}: {types['{http://www.w3.org/2001/XMLSchema}' + kind].is_valid(value)}")
    print("  choice:", *re.findall("<name>(.*?)</name>", made.xform), " version:", *re.findall('version="(2026.*?)"', made.xform))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
from a workbook (warnings []):
  due: 2026-06-05 00:00:00, an XML date: False
  at: 2026-06-05 09:30:00, an XML dateTime: False
  daily: 09:30:00, an XML time: True
  choice: 2026-06-05 00:00:00  version: 2026-06-05 00:00:00
from text (warnings []):
  due: 2026-06-05, an XML date: True
  at: 2026-06-05T09:30:00, an XML dateTime: True
  daily: 09:30:00, an XML time: True
  choice: 2026-06-05  version: 2026-06-05
EXPECTED
