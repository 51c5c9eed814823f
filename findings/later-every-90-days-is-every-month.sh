#!/usr/bin/env bash
# Tool: @breejs/later 4.2.0 (npm), parse.text(), which reads schedules in words and hands them to Bree.
# One would guess: "every 90 days" is every 90 days, and "every 18 months" a year and a half from one to the next; what cannot be expressed has an error, which
# the parser has a field for, as "every quarter" has.
# What happens: the number is counted within the month or the year and begins anew with the next. "Every 90 days" is the first of each month; "every 30 days"
# is the 1st and the 31st, so that 31 July is followed by 1 August; "every 18 months" and "every 24 months" are each January; "every 36 hours" is
# daily. The error is -1, which means none.
# Why it matters to a register: reviews every 90 days and audits every 18 months are the usual words; reminders come three times as often, or at
# New Year, whatever the day of the last one was.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @breejs/later@4.2.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const later = require('@breejs/later');
later.date.UTC();
for (const words of ['every 3 months', 'every 90 days', 'every 30 days', 'every 18 months', 'every 24 months', 'every 36 hours', 'every quarter']) {
  const schedule = later.parse.text(words);
  const next = schedule.error === -1 ? later.schedule(schedule).next(4, new Date('2026-06-01T00:00:00Z')).map((date) => date.toISOString().slice(0, 10)).join(' ') : 'none';
  console.log(`${words}: error ${schedule.error}, next ${next}`);
}
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
every 3 months: error -1, next 2026-07-01 2026-10-01 2027-01-01 2027-04-01
every 90 days: error -1, next 2026-06-01 2026-07-01 2026-08-01 2026-09-01
every 30 days: error -1, next 2026-06-01 2026-07-01 2026-07-31 2026-08-01
every 18 months: error -1, next 2027-01-01 2028-01-01 2029-01-01 2030-01-01
every 24 months: error -1, next 2027-01-01 2028-01-01 2029-01-01 2030-01-01
every 36 hours: error -1, next 2026-06-01 2026-06-02 2026-06-03 2026-06-04
every quarter: error 6, next none
EXPECTED
