#!/usr/bin/env bash
# Tools: dayjs-business-time 1.0.4 with dayjs 1.11.23, moment-business-days 1.2.0 with moment 2.30.1 (npm).
# One would guess: a day is no business day away from itself, Friday to Monday is one, and to add that number to the first day gives the second.
# What happens: businessDaysDiff() of two plain dates (midnights, as "2026-06-05" is read) is one too many, also of a day and itself: both ends
# are first moved into the hours of business, and midnight goes back to the evening of the day before. From noon to noon, it is right.
# businessDiff() of moment-business-days is right for plain dates, and one more where the second hour is later: Friday 9.00 to Monday 9.30
# is two days, the other way round one.
# Why it matters to a register: "answer within 10 working days" is checked so; an answer on the last day counts as late, or not, by the
# hour at which somebody pressed the button, or by whether the hour was kept.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund dayjs-business-time@1.0.4 dayjs@1.11.23 moment-business-days@1.2.0 moment@2.30.1 >/dev/null
npm ls --depth 0 | grep "@[0-9]" | grep -E 'dayjs|moment'
cat >check.mjs <<'JS'
import dayjs from 'dayjs';
import businessTime from 'dayjs-business-time';
import moment from 'moment-business-days';
dayjs.extend(businessTime);
for (const [from, to] of [['2026-06-05', '2026-06-05'], ['2026-06-05', '2026-06-08'], ['2026-06-01', '2026-07-01'], ['2026-06-05T12:00', '2026-06-08T12:00'], ['2026-06-05T09:00', '2026-06-08T09:30'], ['2026-06-05T09:30', '2026-06-08T09:00']]) {
  const days = dayjs(from).businessDaysDiff(dayjs(to));
  console.log(`${from} to ${to}: dayjs-business-time ${days} (added: ${dayjs(from).addBusinessDays(days).format('YYYY-MM-DD')}), moment-business-days ${moment(from).businessDiff(moment(to))}`);
}
JS
TZ=Europe/London node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
2026-06-05 to 2026-06-05: dayjs-business-time 1 (added: 2026-06-08), moment-business-days 0
2026-06-05 to 2026-06-08: dayjs-business-time 2 (added: 2026-06-09), moment-business-days 1
2026-06-01 to 2026-07-01: dayjs-business-time 23 (added: 2026-07-02), moment-business-days 22
2026-06-05T12:00 to 2026-06-08T12:00: dayjs-business-time 1 (added: 2026-06-08), moment-business-days 1
2026-06-05T09:00 to 2026-06-08T09:30: dayjs-business-time 1 (added: 2026-06-08), moment-business-days 2
2026-06-05T09:30 to 2026-06-08T09:00: dayjs-business-time 1 (added: 2026-06-08), moment-business-days 1
EXPECTED
