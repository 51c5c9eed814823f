#!/usr/bin/env bash
# Tools: xlsx 0.18.5 (npm), reading with cellDates; beside it read-excel-file 9.3.17 (npm); the workbook is by XlsxWriter 3.3.1 (PyPI).
# One would guess: the dates of a workbook that counts from 1904, as those that began in Excel for Mac do, are what Excel shows; the text of a cell and its
# date are of the same day.
# What happens: the text is right, 05 June 2026, and the date of the same cell is 4 June 2022, four years and a day before; dates of a formula too. A workbook
# that counts from 1900 is read right, and read-excel-file reads both. Nothing in the cell says so.
# Why it matters to a register: a list of certificates that began on a Mac long ago comes in with every certificate run out, or every review
# four years overdue, and its text on the screen says otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check XlsxWriter==3.3.1
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund xlsx@0.18.5 read-excel-file@9.3.17 >/dev/null
npm ls --depth 0 | grep @
cat >write.py <<'PY'
import datetime, xlsxwriter
for year in (1900, 1904):
    with xlsxwriter.Workbook(f"{year}.xlsx", {"date_1904": year == 1904}) as book:
        sheet, form = book.add_worksheet("Certificates"), book.add_format({"num_format": "dd mmmm yyyy"})
        sheet.write_datetime("A1", datetime.datetime(2026, 6, 5), form)
        sheet.write_formula("B1", "=DATE(2026,6,5)", form, 46178 if year == 1900 else 44716)
PY
python/bin/python write.py
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import XLSX from 'xlsx';
import { readSheet } from 'read-excel-file/node';
const day = (date) => date.toISOString().slice(0, 10);
for (const year of [1900, 1904]) {
  const sheet = XLSX.read(readFileSync(`${year}.xlsx`), { cellDates: true, cellNF: true }).Sheets.Certificates, text = XLSX.read(readFileSync(`${year}.xlsx`)).Sheets.Certificates;
  for (const cell of ['A1', 'B1']) console.log(`xlsx: from ${year}, ${cell}: text ${text[cell].w}, date ${day(sheet[cell].v)}`);
  console.log(`read-excel-file: from ${year}: ${(await readSheet(`${year}.xlsx`))[0].map(day).join(' ')}`);
}
JS
TZ=UTC node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
xlsx: from 1900, A1: text 05 June 2026, date 2026-06-05
xlsx: from 1900, B1: text 05 June 2026, date 2026-06-05
read-excel-file: from 1900: 2026-06-05 2026-06-05
xlsx: from 1904, A1: text 05 June 2026, date 2022-06-04
xlsx: from 1904, B1: text 05 June 2026, date 2022-06-04
read-excel-file: from 1904: 2026-06-05 2026-06-05
EXPECTED
