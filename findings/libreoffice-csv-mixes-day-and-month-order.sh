#!/usr/bin/env bash
# Tools: LibreOffice 7.4.7.2 (Debian), soffice --headless --convert-to csv; openpyxl 3.1.5 (PyPI) writes the workbook.
# One would guess: cells of one column that all show 04/03/2026 (4 March, UK order) come out as 04/03/2026, or at least all in one order.
# What happens: without filter options the shown format is not used. A date is written in the short order of its format's own language,
# and of the machine's (here none, so American) where the format names none. dd/mm/yyyy gives 03/04/2026 and [$-809]dd/mm/yyyy, the
# same format with British English named, gives 04/03/2026: two orders in one column, for the same day. Only the eighth filter option
# (as shown) gives what the cells show.
# Why it matters to a register: workbooks filled in by several people mix these two formats, which look the same; a server that turns
# them into CSV to import them makes 4 March into 3 April in some rows, and no reader can tell which.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet openpyxl==3.1.5
cat >write.py <<'PY'
import datetime, openpyxl

book = openpyxl.Workbook()
book.active.append(["Supplier", "Checked"])
for name, form in (("Holm", "dd/mm/yyyy"), ("Haven", "[$-809]dd/mm/yyyy"), ("Quay", "dd/mm/yyyy;@")):
    book.active.append([name, datetime.date(2026, 3, 4)])
    book.active.cell(book.active.max_row, 2).number_format = form
book.save("list.xlsx")
PY
venv/bin/python write.py
convert() {
  env -u LANG -u LANGUAGE LC_ALL=C.UTF-8 soffice "-env:UserInstallation=file://$folder/profile" --headless --convert-to "$1" list.xlsx >/dev/null 2>&1
  cat list.csv
}
soffice --version
{ convert csv; echo "as shown:"; convert 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true'; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Supplier,Checked
Holm,03/04/2026
Haven,04/03/2026
Quay,03/04/2026
as shown:
Supplier,Checked
Holm,04/03/2026
Haven,04/03/2026
Quay,04/03/2026
EXPECTED
