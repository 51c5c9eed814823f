#!/usr/bin/env bash
# Tool: survey-core 3.1.1 (npm), SurveyJS's engine: a questionnaire with a total, one of whose questions is shown only after a "yes".
# One would guess: the total that is sent is the total of the answers that are sent. Answers to questions that are hidden again are taken
# out when the questionnaire is completed (its default, clearInvisibleValues "onComplete"), so the total is made without them.
# What happens: the answer is taken out and the total is not made again: base 1, no risk, total 6. A calculated value, and a total on a page
# of its own, are the same. Loaded once more into the same questionnaire, the very data have the total 1. A total that is read while the
# form is still open counts the hidden answer as well.
# Why it matters to a register: a supplier that first said its product uses AI, rated the risk, and then corrected that to "no", is
# scored for a risk that it does not have, and nobody can see from its answers where the points came from.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund survey-core@3.1.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { Model } from 'survey-core';
const form = {
  calculatedValues: [{ name: 'calculated', expression: 'sum({risk}, {base})', includeIntoResult: true }],
  pages: [
    { elements: [{ type: 'boolean', name: 'ai' }, { type: 'rating', name: 'risk', visibleIf: '{ai} = true' }, { type: 'rating', name: 'base' }] },
    { elements: [{ type: 'expression', name: 'total', expression: 'sum({risk}, {base})' }] },
  ],
};
const sorted = (data) => JSON.stringify(Object.fromEntries(Object.entries(data).sort()));
const survey = new Model(form);
for (const [name, value] of [['ai', true], ['risk', 5], ['base', 1]]) survey.setValue(name, value);
console.log('answered:', sorted(survey.data));
survey.setValue('ai', false);
console.log('corrected, risk visible', survey.getQuestionByName('risk').isVisible + ':', sorted(survey.data));
survey.onComplete.add((sender) => console.log('sent:', sorted(sender.data)));
survey.doComplete();
const again = new Model(form);
again.data = survey.data;
console.log('loaded again:', sorted(again.data));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
answered: {"ai":true,"base":1,"calculated":6,"risk":5,"total":6}
corrected, risk visible false: {"ai":false,"base":1,"calculated":6,"risk":5,"total":6}
sent: {"ai":false,"base":1,"calculated":6,"total":6}
loaded again: {"ai":false,"base":1,"calculated":1,"total":1}
EXPECTED
