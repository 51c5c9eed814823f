#!/usr/bin/env bash
# Tools: xlsx-calc 0.9.2 with xlsx 0.18.5 (npm), which computes the formulas of a workbook.
# One would guess: DATEDIF(31 December 2026, 1 January 2027) is 0 in years, "Y", and 0 in months, "M", as in Excel; "m" and "y" are the same as
# these; and EOMONTH of 31 December 2026 and one month is 31 January 2027, whether xlsx read the dates as numbers, which is its habit, or as dates.
# What happens: the one day is one year and one month, for only the two years and months are looked at; "y" in small letters gives days. And
# of numbers, which is how a workbook holds dates, each is taken for milliseconds after 1970: EOMONTH is 28 February 1970, YEAR is 15, five
# years are one day. No error is given.
# Why it matters to a register: the age of a certificate and the end of a notice are these two functions in most spreadsheets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund xlsx-calc@0.9.2 xlsx@0.18.5 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const calc = require('xlsx-calc'), { read, utils, write } = require('xlsx');
const written = utils.book_new();
const day = (v) => ({ t: 'n', v, z: 'yyyy-mm-dd' });
utils.book_append_sheet(written, { A1: day(46387), B1: day(46388), C1: day(48213), '!ref': 'A1:C1' }, 'S');
for (const options of [{ cellDates: true, UTC: true }, {}]) {
  const dates = read(write(written, { type: 'buffer' }), { ...options, cellNF: true }).Sheets.S;
  for (const formula of ['YEAR(A1)', 'DATEDIF(A1,B1,"Y")', 'DATEDIF(A1,B1,"M")', 'DATEDIF(A1,C1,"Y")', 'DATEDIF(A1,C1,"y")', 'EOMONTH(A1,1)']) {
    const book = { SheetNames: ['S'], Sheets: { S: { ...dates, D1: { t: 'n', f: formula }, '!ref': 'A1:D1' } } };
    calc(book);
    const { v } = book.Sheets.S.D1;
    console.log(`${options.cellDates ? 'dates' : 'numbers'}: ${formula} =`, v instanceof Date ? v.toISOString().slice(0, 10) : v);
  }
}
JS
TZ=UTC node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
dates: YEAR(A1) = 2026
dates: DATEDIF(A1,B1,"Y") = 1
dates: DATEDIF(A1,B1,"M") = 1
dates: DATEDIF(A1,C1,"Y") = 5
dates: DATEDIF(A1,C1,"y") = 1826
dates: EOMONTH(A1,1) = 2027-01-31
numbers: YEAR(A1) = 15
numbers: DATEDIF(A1,B1,"Y") = 0
numbers: DATEDIF(A1,B1,"M") = 0
numbers: DATEDIF(A1,C1,"Y") = 0
numbers: DATEDIF(A1,C1,"y") = 1
numbers: EOMONTH(A1,1) = 1970-02-28
EXPECTED
