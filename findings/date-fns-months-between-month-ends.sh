#!/usr/bin/env bash
# Tool: date-fns 4.4.0 (npm), differenceInMonths() and differenceInYears(), which count full months and years; beside it luxon 3.7.2 (npm).
# One would guess: whatever addMonths(date, n) answers is n full months after date: 31 January and three months is 30 April, so from
# 31 January to 30 April is three.
# What happens: it is one from 31 January to 28 February, as guessed, but two to 30 April, four to 30 June, seven to 30 September and nine
# to 30 November: the end of a shorter month counts as full only where the two months are neighbours. Years are never rounded so:
# from 29 February 2028 to 28 February 2029, which addYears() answers for one year, is none. luxon counts every one of them as full.
# Why it matters to a register: "is it at least three months since the last review" is false on the very day the review fell due.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund date-fns@4.4.0 luxon@3.7.2 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { addMonths, addYears, differenceInMonths, differenceInYears, format } from 'date-fns';
import { DateTime } from 'luxon';
const start = new Date(2026, 0, 31);
for (const months of [1, 2, 3, 5, 8, 10]) {
  const end = addMonths(start, months);
  console.log(`31 January and ${months}: ${format(end, 'yyyy-MM-dd')}; months between: date-fns ${differenceInMonths(end, start)},`
    + ` luxon ${DateTime.fromJSDate(end).diff(DateTime.fromJSDate(start), 'months').months}`);
}
const leap = new Date(2028, 1, 29);
console.log(`29 February 2028 and a year: ${format(addYears(leap, 1), 'yyyy-MM-dd')}; years between: date-fns ${differenceInYears(addYears(leap, 1), leap)}`);
JS
TZ=UTC node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
31 January and 1: 2026-02-28; months between: date-fns 1, luxon 1
31 January and 2: 2026-03-31; months between: date-fns 2, luxon 2
31 January and 3: 2026-04-30; months between: date-fns 2, luxon 3
31 January and 5: 2026-06-30; months between: date-fns 4, luxon 5
31 January and 8: 2026-09-30; months between: date-fns 7, luxon 8
31 January and 10: 2026-11-30; months between: date-fns 9, luxon 10
29 February 2028 and a year: 2029-02-28; years between: date-fns 0
EXPECTED
