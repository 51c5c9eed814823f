#!/usr/bin/env bash
# Tool: @formio/core 2.8.3 (npm), which checks answers to Form.io forms where there is no browser.
# One would guess: a "day" question with the day first (dayFirst) is compared so in the conditions of other questions too: a question shown where
# the day is after 05/06/2026 is asked for 4 July 2026 and for 25 June 2026.
# What happens: the operators for dates ask the page in the browser which form the day has; without one they leave it to JavaScript, which takes the
# month first. 04/07/2026 is 7 April to them and not after 6 May; 25/06/2026 is no day at all, neither before nor after nor equal to
# itself. So the question that the person was shown and answered is hidden, and the answer is taken out. The check for the latest day
# (maxDate) of the same question reads it right.
# Why it matters to a register: "your certificate ends after the contract began: which one follows?" The person's page shows the answer, the record
# does not have it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @formio/core@2.8.3 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.cjs <<'JS'
const { processSync, ProcessTargets } = require('@formio/core');
function checked(components, answers) {
  const context = { form: { components }, components, data: { ...answers }, submission: { data: { ...answers } }, scope: {}, config: { server: true } };
  for (const processors of [ProcessTargets.submission, ProcessTargets.evaluator]) processSync(Object.assign(context, { processors }));
  return { wrong: (context.scope.errors ?? []).map(({ ruleName }) => ruleName).join(), data: context.data };
}
const day = { type: 'day', key: 'ends', input: true, label: 'Ends', dayFirst: true, fields: { day: {}, month: {}, year: {} } };
const next = (operator, value) => ({ type: 'textfield', key: 'next', input: true, label: 'Which follows?', clearOnHide: true, conditional: { show: true, conjunction: 'all', conditions: [{ component: 'ends', operator, value }] } });
for (const [operator, value, answer] of [
  ['dateGreaterThan', '05/06/2026', '04/07/2026'],
  ['dateLessThan', '05/06/2026', '04/07/2026'],
  ['dateGreaterThan', '05/06/2026', '25/06/2026'],
  ['isDateEqual', '25/06/2026', '25/06/2026'],
])
  console.log(`shown where ${operator} ${value}, day ${answer}: the answer is ${checked([day, next(operator, value)], { ends: answer, next: 'B' }).data.next ? 'kept' : 'gone'}`);
for (const answer of ['05/07/2026', '07/05/2026'])
  console.log(`latest 30 June 2026, day ${answer}: ${checked([{ ...day, maxDate: '2026-06-30' }], { ends: answer }).wrong || 'taken'}`);
JS
TZ=UTC node check.cjs 2>/dev/null | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
shown where dateGreaterThan 05/06/2026, day 04/07/2026: the answer is gone
shown where dateLessThan 05/06/2026, day 04/07/2026: the answer is kept
shown where dateGreaterThan 05/06/2026, day 25/06/2026: the answer is gone
shown where isDateEqual 25/06/2026, day 25/06/2026: the answer is gone
latest 30 June 2026, day 05/07/2026: maxDate
latest 30 June 2026, day 07/05/2026: taken
EXPECTED
