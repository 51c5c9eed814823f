#!/usr/bin/env bash
# Tool: @formio/core 2.8.3 (npm), which checks answers to Form.io forms where there is no browser.
# One would guess: with a choice of "0" for no and "1" for yes, a question that is shown where the answer "is equal to" "0" is asked of those who say
# no, as one for "1" is of those who say yes; and the older way of writing the same condition (when, eq) says the same.
# What happens: answers that look like numbers are made numbers. The condition's "1" is made one too before it is compared, its "0" is not, as 0
# counts as no value there: "is equal to 0" is never so, and "is not equal to 0" is so for no as well. The question is not asked,
# required or not, and an answer to it is thrown away. The older way is right, and so is "is equal to" for a choice of "no".
# Why it matters to a register: "why not?" is asked of those who answered no; scores from 0 are the usual values of choices.
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
  return `${(context.scope.errors ?? []).length} missing, kept ${JSON.stringify(context.data)}`;
}
const choice = (...values) => ({ type: 'radio', key: 'kept', input: true, label: 'Kept in the UK?', values: values.map((value) => ({ label: value, value })) });
const why = (conditional) => ({ type: 'textfield', key: 'why', input: true, label: 'Why?', clearOnHide: true, validate: { required: true }, conditional });
const equal = (operator, value) => ({ show: true, conjunction: 'all', conditions: [{ component: 'kept', operator, value }] });
for (const [form, values, answer, conditional] of [
  ['equal to 1', ['0', '1'], '1', equal('isEqual', '1')],
  ['equal to 0', ['0', '1'], '0', equal('isEqual', '0')],
  ['not equal to 0', ['0', '1'], '0', equal('isNotEqual', '0')],
  ['when 0', ['0', '1'], '0', { show: true, when: 'kept', eq: '0' }],
  ['equal to no', ['no', 'yes'], 'no', equal('isEqual', 'no')],
])
  console.log(`shown where ${form}, answer ${answer}: ${checked([choice(...values), why(conditional)], { kept: answer })}; given why: ${checked([choice(...values), why(conditional)], { kept: answer, why: 'cost' })}`);
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
shown where equal to 1, answer 1: 1 missing, kept {"kept":1}; given why: 0 missing, kept {"kept":1,"why":"cost"}
shown where equal to 0, answer 0: 0 missing, kept {"kept":0}; given why: 0 missing, kept {"kept":0}
shown where not equal to 0, answer 0: 1 missing, kept {"kept":0}; given why: 0 missing, kept {"kept":0,"why":"cost"}
shown where when 0, answer 0: 1 missing, kept {"kept":0}; given why: 0 missing, kept {"kept":0,"why":"cost"}
shown where equal to no, answer no: 1 missing, kept {"kept":"no"}; given why: 0 missing, kept {"kept":"no","why":"cost"}
EXPECTED
