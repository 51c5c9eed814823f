#!/usr/bin/env bash
# Tool: rrule 2.8.1 (npm), rrulestr(), which reads a series as it stands in a calendar.
# One would guess: the lines DTSTART;VALUE=DATE:20260331 and RRULE:FREQ=YEARLY, as every calendar program writes a whole-day series, begin on 31
# March 2026; a reader that cannot do whole days refuses, or takes the midnight of that day.
# What happens: a start with VALUE= in it is passed over without a word, and the series begins today, at this hour, minute and second, so that
# it has other days whenever one asks. VALUE=DATE-TIME, which only says what is so anyway, has the same effect. Without VALUE= the same day
# is read right. EXDATE;VALUE=DATE is read: it takes out a day of a series that the series no longer has.
# Why it matters to a register: reviews and expiries are whole days; imported with this, each is due on the day of the import, and an end
# (COUNT, UNTIL) is counted from there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund rrule@2.8.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import rrule from 'rrule';
const begun = new Date(Date.now() - 1000);
const shown = (date) => (date >= begun && date <= new Date() ? 'now' : date.toISOString().slice(0, 10));
for (const start of ['DTSTART:20260331', 'DTSTART;VALUE=DATE:20260331', 'DTSTART:20260331T090000Z', 'DTSTART;VALUE=DATE-TIME:20260331T090000Z'])
  console.log(`${start}: begins ${shown(rrule.rrulestr(start + '\nRRULE:FREQ=YEARLY;COUNT=2').all()[0])}`);
const series = rrule.rrulestr('DTSTART;VALUE=DATE:20260331\nRRULE:FREQ=YEARLY;COUNT=2\nEXDATE;VALUE=DATE:20260331');
console.log('without 31 March 2026: begins', shown(series.all()[0]), 'and has', series.all().length, 'days, without', shown(series.exdates()[0]));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
DTSTART:20260331: begins 2026-03-31
DTSTART;VALUE=DATE:20260331: begins now
DTSTART:20260331T090000Z: begins 2026-03-31
DTSTART;VALUE=DATE-TIME:20260331T090000Z: begins now
without 31 March 2026: begins now and has 2 days, without 2026-03-31
EXPECTED
