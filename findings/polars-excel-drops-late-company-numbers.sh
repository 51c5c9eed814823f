#!/usr/bin/env bash
# Tools: polars 2.1.0 with fastexcel 0.21.0 (PyPI), its reader of workbooks.
# One would guess: a column of company numbers that begins with a hundred plain numbers and later has "SC123456" (a Scottish
# company) is read as text, or reading stops with an error as polars.read_csv does.
# What happens: the first hundred rows decide that the column holds whole numbers; every later cell that is text becomes null
# without a word, and a row whose only cell was such a text is left out of the frame altogether, so even the count is short.
# Why it matters to a register: a supplier list read this way loses the identifiers of Scottish and Northern Irish companies, and in a
# list of identifiers alone loses the companies.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet polars==2.1.0 fastexcel==0.21.0 xlsxwriter==3.3.1
cat >finding.py <<'PY'
import io
import fastexcel, polars, xlsxwriter

print("polars", polars.__version__, "fastexcel", fastexcel.__version__)
numbers = [1234567 + n for n in range(120)] + ["SC123456", "NI012345"]
with xlsxwriter.Workbook("list.xlsx") as book:
    both = book.add_worksheet("both")
    both.write_row(0, 0, ["Company number", "Name"])
    alone = book.add_worksheet("alone")
    alone.write_row(0, 0, ["Company number"])
    for row, number in enumerate(numbers, 1):
        both.write_row(row, 0, [number, f"Supplier {row}"])
        alone.write_row(row, 0, [number])
both = polars.read_excel("list.xlsx", sheet_name="both")
alone = polars.read_excel("list.xlsx", sheet_name="alone")
print("two columns:", both.height, "rows, the last", both.rows()[-1])
print("one column:", alone.height, "rows, the last", alone.rows()[-1])
try:
    polars.read_csv(io.StringIO("Company number\n" + "\n".join(map(str, numbers))))
    print("as CSV: read")
except polars.exceptions.ComputeError:
    print("as CSV: an error")
PY
venv/bin/python finding.py | tee output.txt
diff <(tail -n +2 output.txt) - <<'EXPECTED' && echo "as found"
two columns: 122 rows, the last (None, 'Supplier 122')
one column: 120 rows, the last (1234686,)
as CSV: an error
EXPECTED
