#!/usr/bin/env bash
# Tool: cron-schedule 6.0.0 (npm), which says when a schedule is due; beside it croner 11.0.1 and cronstrue 3.39.0 (npm), and croniter 7.0.0 (PyPI).
# One would guess: 1#1 is the first Monday, 5L the last Friday, 15W the weekday nearest the 15th, 1/10 every ten days from the 1st on, as Quartz
# and its followers have them; a library that does not know such a sign says so, as cron-schedule does of an L alone.
# What happens: it reads the number that a part begins with and passes over the rest: every Monday, every Friday, the 15th, and the 1st only. In
# August 2026, where the 15th is a Saturday, it is due on that, not on the 14th. croner and croniter know these signs or refuse them.
# Why it matters to a register: "the committee meets on the first Monday" is sent out each week, and what the description of the same
# schedule says on the screen (cronstrue) is the first Monday.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check croniter==7.0.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund cron-schedule@6.0.0 croner@11.0.1 cronstrue@3.39.0 >/dev/null
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^croniter '
npm ls --depth 0 | grep "@[0-9]"
echo '["0 9 * * 1#1", "0 9 * * 5L", "0 9 15W * *", "0 9 1/10 * *", "0 9 L * *"]' >schedules.json
cat >check.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { parseCronExpression } from 'cron-schedule';
import { Cron } from 'croner';
import cronstrue from 'cronstrue';
const from = new Date('2026-07-31T12:00:00Z'), days = (dates) => dates.map((date) => date.toISOString().slice(0, 10)).join(' ');
for (const schedule of JSON.parse(readFileSync('schedules.json'))) {
  console.log(`${schedule}: ${cronstrue.toString(schedule)}`);
  for (const [name, next] of Object.entries({ 'cron-schedule': () => parseCronExpression(schedule).getNextDates(3, from), croner: () => new Cron(schedule, { timezone: 'UTC' }).nextRuns(3, from) }))
    try { console.log(`  ${name}: ${days(next())}`); } catch { console.log(`  ${name}: refused`); }
}
JS
cat >check.py <<'PY'
import datetime, json
from croniter import croniter, CroniterError
for schedule in json.load(open("schedules.json")):
    try:
        due = croniter(schedule, datetime.datetime(2026, 7, 31, 12))
        print(f"croniter: {schedule}:", *(due.get_next(datetime.datetime).date().isoformat() for _ in range(3)))
    except CroniterError:
        print(f"croniter: {schedule}: refused")
PY
{ TZ=UTC node check.mjs; python/bin/python check.py; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
0 9 * * 1#1: At 09:00 AM, on the first Monday of the month
  cron-schedule: 2026-08-03 2026-08-10 2026-08-17
  croner: 2026-08-03 2026-09-07 2026-10-05
0 9 * * 5L: At 09:00 AM, on the last Friday of the month
  cron-schedule: 2026-08-07 2026-08-14 2026-08-21
  croner: 2026-08-28 2026-09-25 2026-10-30
0 9 15W * *: At 09:00 AM, on the weekday nearest day 15 of the month
  cron-schedule: 2026-08-15 2026-09-15 2026-10-15
  croner: 2026-08-14 2026-09-15 2026-10-15
0 9 1/10 * *: At 09:00 AM, every 10 days in a month
  cron-schedule: 2026-08-01 2026-09-01 2026-10-01
  croner: refused
0 9 L * *: At 09:00 AM, on the last day of the month
  cron-schedule: refused
  croner: 2026-08-31 2026-09-30 2026-10-31
croniter: 0 9 * * 1#1: 2026-08-03 2026-09-07 2026-10-05
croniter: 0 9 * * 5L: refused
croniter: 0 9 15W * *: 2026-08-14 2026-09-15 2026-10-15
croniter: 0 9 1/10 * *: 2026-08-01 2026-08-11 2026-08-21
croniter: 0 9 L * *: 2026-08-31 2026-09-30 2026-10-31
EXPECTED
