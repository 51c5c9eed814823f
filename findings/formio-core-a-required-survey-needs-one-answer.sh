#!/usr/bin/env bash
# Tool: @formio/core 2.8.3 (npm), which checks answers to Form.io forms where there is no browser; formio.js in the browser has its own checks.
# One would guess: of a "survey" (a table of questions with the same choices) that is required, every question must be answered with one of the choices,
# as in the browser; a grid with at least two rows and at most three needs two and takes three.
# What happens: one answer is enough, and a survey takes any word for a choice. The numbers of rows count for nothing, as the rule for lengths looks at
# text alone. An answer "12 months" to a number question that is not required is taken out without a word, so that it is neither wrong
# nor there.
# Why it matters to a register: sets of answers come in by the API and by import as well; a questionnaire with one answer out of twenty is complete.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @formio/core@2.8.3 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.cjs <<'JS'
const { processSync, ProcessTargets } = require('@formio/core');
function checked(component, answer) {
  const components = [{ input: true, label: 'Q', key: 'q', ...component }];
  const context = { form: { components }, components, data: { q: answer }, submission: { data: { q: answer } }, scope: {}, config: { server: true } };
  for (const processors of [ProcessTargets.submission, ProcessTargets.evaluator]) processSync(Object.assign(context, { processors }));
  return `${(context.scope.errors ?? []).map(({ ruleName }) => ruleName).join() || 'taken'}, ${JSON.stringify(context.data)}`;
}
const survey = { type: 'survey', validate: { required: true }, questions: [{ label: 'Backups?', value: 'backups' }, { label: 'Training?', value: 'training' }], values: [{ label: 'No', value: 'no' }, { label: 'Yes', value: 'yes' }] };
const grid = { type: 'datagrid', validate: { minLength: 2, maxLength: 3 }, components: [{ type: 'textfield', key: 'name', input: true, label: 'Name' }] };
const rows = (count) => Array.from({ length: count }, () => ({ name: 'Jo' }));
console.log('survey without answers:', checked(survey, {}));
console.log('survey with one of two answers:', checked(survey, { backups: 'yes' }));
console.log('survey with another word:', checked(survey, { backups: 'yes', training: 'perhaps' }));
console.log('one row of two:', checked(grid, rows(1)));
console.log('four rows of three:', checked(grid, rows(4)));
console.log('text of four letters, three at most:', checked({ type: 'textfield', validate: { maxLength: 3 } }, 'Anne'));
console.log('number with a word:', checked({ type: 'number', validate: { max: 10 } }, '12 months'));
JS
node check.cjs 2>/dev/null | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
survey without answers: required, {"q":{}}
survey with one of two answers: taken, {"q":{"backups":"yes"}}
survey with another word: taken, {"q":{"backups":"yes","training":"perhaps"}}
one row of two: taken, {"q":[{"name":"Jo"}]}
four rows of three: taken, {"q":[{"name":"Jo"},{"name":"Jo"},{"name":"Jo"},{"name":"Jo"}]}
text of four letters, three at most: maxLength, {"q":"Anne"}
number with a word: taken, {}
EXPECTED
