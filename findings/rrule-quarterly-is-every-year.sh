#!/usr/bin/env bash
# Tool: rrule 2.8.1 (npm), RRule.fromText() and toText(), which turn a series into English and back.
# One would guess: words that it does not know (quarterly, twice a year) are an error, as "monthly" and "every fortnight" are. And
# isFullyConvertibleToText(), which its documentation calls a hint on whether all options can be put in words, is false where they cannot.
# What happens: a text whose first word means nothing to it is "every year": quarterly, twice a year, an empty text, "no review". What it does
# not understand further on is left out: "every year on June 5th" is some day of June, "the last weekday" of a month is its last day,
# a Sunday too. And the last working day of the month is put as "every month on weekdays", every working day, "fully"; read back it is that.
# Why it matters to a register: a supplier to be looked at every quarter is looked at once a year; the form shows "every year" only
# if it asks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund rrule@2.8.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import rrule from 'rrule';
const { RRule, rrulestr } = rrule;
const days = (rule) => new RRule({ ...rule.origOptions, dtstart: new Date('2026-01-12T09:00:00Z'), count: 3 }).all().map((day) => day.toISOString().slice(0, 10)).join(' ');
for (const text of ['every 3 months', 'every fortnight', 'monthly', 'quarterly', 'twice a year', '', 'no review', 'every June on the 5th', 'every year on June 5th', 'every month on the last weekday']) {
  let found;
  try { const rule = RRule.fromText(text); found = `"${rule.toText()}", ${days(rule)}`; } catch (error) { found = 'error: ' + error.message; }
  console.log(`"${text}": ${found}`);
}
for (const series of ['FREQ=MONTHLY;BYMONTHDAY=5', 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', 'FREQ=MONTHLY;INTERVAL=3;BYDAY=FR;BYSETPOS=-1']) {
  const rule = rrulestr('RRULE:' + series), text = rule.toText();
  console.log(`${series}, ${days(rule)}: "${text}", fully ${rule.isFullyConvertibleToText()}; read back ${days(RRule.fromText(text))}`);
}
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
"every 3 months": "every 3 months", 2026-01-12 2026-04-12 2026-07-12
"every fortnight": error: Unknown symbol
"monthly": error: expected every but found month(s)
"quarterly": "every year", 2026-01-12 2027-01-12 2028-01-12
"twice a year": "every year", 2026-01-12 2027-01-12 2028-01-12
"": "every year", 2026-01-12 2027-01-12 2028-01-12
"no review": "every year", 2026-01-12 2027-01-12 2028-01-12
"every June on the 5th": "every June on the 5th", 2026-06-05 2027-06-05 2028-06-05
"every year on June 5th": "every June", 2026-06-12 2027-06-12 2028-06-12
"every month on the last weekday": "every month on the last", 2026-01-31 2026-02-28 2026-03-31
FREQ=MONTHLY;BYMONTHDAY=5, 2026-02-05 2026-03-05 2026-04-05: "every month on the 5th", fully true; read back 2026-02-05 2026-03-05 2026-04-05
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1, 2026-01-30 2026-02-27 2026-03-31: "every month on weekdays", fully true; read back 2026-01-12 2026-01-13 2026-01-14
FREQ=MONTHLY;INTERVAL=3;BYDAY=FR;BYSETPOS=-1, 2026-01-30 2026-04-24 2026-07-31: "every 3 months on Friday", fully true; read back 2026-01-16 2026-01-23 2026-01-30
EXPECTED
