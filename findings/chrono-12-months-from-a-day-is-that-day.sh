#!/usr/bin/env bash
# Tool: chrono-node 2.10.3 (npm), its British English (en.GB), asked on 30 November 2026.
# One would guess: "12 months from 5 June 2026" is 5 June 2027, as "12 months after 5 June 2026" is; "expires 06/27" is in June 2027, as
# "expires 06/2027" is; "first Monday of June 2026" is 1 June or nothing.
# What happens: "after" and "before" are counted, but with "from", "following" and "prior to" the day itself is the answer, a year early. Of
# "within 30 days of 5 June 2026" the first date is thirty days from today. 06/27 is 27 June 2026: as no month is the 27th, day and
# month change places even in British English. The first Monday of June is today, a Monday.
# Why it matters to a register: ends of contracts and notices are written so; the contract has ended on the day it began, and nothing
# in the answer tells that words before the date were left over.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund chrono-node@2.10.3 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import * as chrono from 'chrono-node';
const day = (date) => date && [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
for (const text of ['12 months after 5 June 2026', '12 months from 5 June 2026', '12 months following 5 June 2026', '3 months before 5 June 2026', '3 months prior to 5 June 2026', 'within 30 days of 5 June 2026', 'expires 06/2027', 'expires 06/27', 'first Monday of June 2026'])
  console.log(text + ':', day(chrono.en.GB.parseDate(text, new Date(2026, 10, 30, 12))));
JS
TZ=UTC node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
12 months after 5 June 2026: 2027-06-05
12 months from 5 June 2026: 2026-06-05
12 months following 5 June 2026: 2026-06-05
3 months before 5 June 2026: 2026-03-05
3 months prior to 5 June 2026: 2026-06-05
within 30 days of 5 June 2026: 2026-12-30
expires 06/2027: 2027-06-01
expires 06/27: 2026-06-27
first Monday of June 2026: 2026-11-30
EXPECTED
