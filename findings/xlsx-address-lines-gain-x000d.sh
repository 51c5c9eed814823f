#!/usr/bin/env bash
# Tools: XlsxWriter 3.3.1, pandas 3.1.1, openpyxl 3.1.5, polars 2.1.0 with fastexcel 0.21.0 (PyPI), xlsx 0.18.5 and exceljs 4.4.0 (npm).
# One would guess: an address of two lines, "1 High Street" CR LF "Leeds", put into a cell by one library is read by another with CR LF
# or LF between the lines; certainly so when pandas reads what pandas wrote.
# What happens: XlsxWriter keeps the CR in the workbook's escape, _x000D_, and xlsx (SheetJS) as _x000d_. openpyxl decodes neither, so
# pandas reads seven letters of text that nobody typed; polars and exceljs decode the first and not the second.
# Why it matters to a register: addresses and notes from a database or a web form have CR LF; imported from such a workbook each
# line ends in "_x000D_", and comparing with what is on record finds a change in every supplier.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet xlsxwriter==3.3.1 pandas==3.1.1 openpyxl==3.1.5 polars==2.1.0 fastexcel==0.21.0
npm install --silent --no-audit --no-fund xlsx@0.18.5 exceljs@4.4.0
cat >write.js <<'JS'
const xlsx = require("xlsx"), book = xlsx.utils.book_new();
xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([["Address"], ["1 High Street\r\nLeeds"]]), "S");
xlsx.writeFile(book, "sheetjs.xlsx");
JS
cat >read.js <<'JS'
const ExcelJS = require("exceljs");
(async () => {
  for (const name of ["xlsxwriter", "sheetjs"]) {
    const book = new ExcelJS.Workbook();
    await book.xlsx.readFile(name + ".xlsx");
    console.log(name, "read by exceljs:", JSON.stringify(book.worksheets[0].getCell("A2").value));
  }
})();
JS
cat >finding.py <<'PY'
import pandas, polars

pandas.DataFrame({"Address": ["1 High Street\r\nLeeds"]}).to_excel("xlsxwriter.xlsx", index=False, engine="xlsxwriter")
for name in ("xlsxwriter", "sheetjs"):
    print(name, "read by pandas:", ascii(pandas.read_excel(name + ".xlsx", engine="openpyxl")["Address"][0]))
    print(name, "read by polars:", ascii(polars.read_excel(name + ".xlsx")["Address"][0]))
PY
venv/bin/pip list 2>/dev/null | grep -iE '^(xlsxwriter|pandas|openpyxl|polars|fastexcel) '
node write.js
{ venv/bin/python -W ignore finding.py; node read.js; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
xlsxwriter read by pandas: '1 High Street_x000D_\nLeeds'
xlsxwriter read by polars: '1 High Street\r\nLeeds'
sheetjs read by pandas: '1 High Street_x000d_\nLeeds'
sheetjs read by polars: '1 High Street_x000d_\nLeeds'
xlsxwriter read by exceljs: "1 High Street\r\nLeeds"
sheetjs read by exceljs: "1 High Street_x000d_\nLeeds"
EXPECTED
