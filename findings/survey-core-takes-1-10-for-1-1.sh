#!/usr/bin/env bash
# Tool: survey-core 3.1.1 (npm), SurveyJS's engine: the expressions that show, score and check the questions of a questionnaire.
# One would guess: the answers to text questions are compared as text; a number is compared as one where the question asks for a number.
# What happens: two texts that both look like numbers to JavaScript are compared as numbers: version 1.10 equals 1.1 and is not after 1.9, the
# company number 00012345 equals 12345, the codes 8E2 and 0x320 equal 800. The same answers are different in a list without doubles (keyName)
# and as the right answer of a quiz (correctAnswer), where they are texts. Adding takes the other view: "2" and "3" are 5, "02" and
# "3" are "023".
# Why it matters to a register: "show this only for version 1.10" and "is it the number we have on record" are such expressions; the wrong
# supplier passes, and 1.10 is said to be older than 1.9.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund survey-core@3.1.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { Model } from 'survey-core';
const calculate = (expression, a, b) => {
  const survey = new Model({ elements: [{ type: 'text', name: 'a' }, { type: 'text', name: 'b' }, { type: 'expression', name: 'result', expression }] });
  survey.data = { a, b };
  return survey.getValue('result');
};
for (const [a, b] of [['1.10', '1.1'], ['00012345', '12345'], ['8E2', '800'], ['0x320', '800'], ['SC012345', 'SC12345']]) {
  const list = new Model({ elements: [{ type: 'matrixdynamic', name: 'list', keyName: 'key', columns: [{ name: 'key', cellType: 'text' }] }] });
  list.data = { list: [{ key: a }, { key: b }] };
  const quiz = new Model({ elements: [{ type: 'text', name: 'a', correctAnswer: b }] });
  quiz.data = { a };
  console.log(`${a} and ${b}: equal ${calculate('{a} = {b}', a, b)}, allowed side by side ${list.validate()}, right answers ${quiz.getCorrectAnswerCount()}`);
}
console.log('1.10 > 1.9:', calculate('{a} > {b}', '1.10', '1.9'));
console.log('2 + 3:', JSON.stringify(calculate('{a} + {b}', '2', '3')), ' 02 + 3:', JSON.stringify(calculate('{a} + {b}', '02', '3')));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
1.10 and 1.1: equal true, allowed side by side true, right answers 0
00012345 and 12345: equal true, allowed side by side true, right answers 0
8E2 and 800: equal true, allowed side by side true, right answers 0
0x320 and 800: equal true, allowed side by side true, right answers 0
SC012345 and SC12345: equal false, allowed side by side true, right answers 0
1.10 > 1.9: false
2 + 3: 5  02 + 3: "023"
EXPECTED
