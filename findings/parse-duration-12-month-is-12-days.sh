#!/usr/bin/env bash
# Tool: parse-duration 2.1.9 (npm), parse(text, "day").
# One would guess: "12-month" is what "12 months" is, or null as "one month" is. P1Y6M, the standard's way to write a year and a half, is
# that or null. "3 months (90 days)" is three months, and "1,5 years" a year and a half, or null.
# What happens: after a hyphen the unit is lost, and a bare number counts in the unit asked for: 12-month is 12 days (12 milliseconds, where no
# unit is asked for). P1Y6M is a year and six minutes. Whatever is in the text is added up: 3 months (90 days) is half a year, 2 - 3 weeks
# are 2 days and 3 weeks, 24/7 is 24 days and a bit. A comma is for thousands, wherever it stands: 1,5 years is fifteen.
# Why it matters to a register: review intervals, notice and retention are typed in just these ways, and none of the numbers that come out
# looks impossible.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund parse-duration@2.1.9 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import parse from 'parse-duration';
for (const text of ['12 months', '12-month', 'one month', 'P1Y6M', '3 months (90 days)', '2 - 3 weeks', '1.5 years', '1,5 years', '24/7'])
  console.log(text + ':', parse(text, 'day'), 'days');
console.log('12-month, no unit asked for:', parse('12-month'));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
12 months: 365.25 days
12-month: 12 days
one month: null days
P1Y6M: 365.25416666666666 days
3 months (90 days): 181.3125 days
2 - 3 weeks: 23 days
1.5 years: 547.875 days
1,5 years: 5478.75 days
24/7: 24.291666666666668 days
12-month, no unit asked for: 12
EXPECTED
