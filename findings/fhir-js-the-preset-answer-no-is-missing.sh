#!/usr/bin/env bash
# Tool: fhir 4.12.0 (npm), which validates FHIR resources and turns them from JSON into XML and back.
# One would guess: a questionnaire in which No is the preset answer of a question (valueBoolean false), or a question depends on the answer No
# (answerBoolean false), is as valid as with Yes; and 1200.50 is a number in JSON again after the way through XML.
# What happens: with false, and with the number 0, validate() reports "Missing property" for the very value and calls the questionnaire not valid;
# with true and 1 it is valid. From XML, decimals come back as texts, "1200.5", though the integer beside is a number, and its own validate()
# calls that not valid.
# Why it matters to a register: "show this if the answer is No" is the commonest rule in a questionnaire on suppliers, and it is refused; prices
# that went through XML are texts, which do not add up.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund fhir@4.12.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { Fhir } = require('fhir'), fhir = new Fhir();
const questionnaire = (question) => ({ resourceType: 'Questionnaire', status: 'active', item: [{ linkId: 'A1', type: 'boolean' }, { linkId: 'A2', ...question }] });
const questions = { 'preset': (yes) => ({ type: 'boolean', initial: [{ valueBoolean: yes }] }), 'preset number': (yes) => ({ type: 'integer', initial: [{ valueInteger: Number(yes) }] }),
  'depends': (yes) => ({ type: 'string', enableWhen: [{ question: 'A1', operator: '=', answerBoolean: yes }] }) };
for (const [name, question] of Object.entries(questions))
  for (const yes of [true, false]) {
    const { valid, messages } = fhir.validate(questionnaire(question(yes)));
    console.log(`${name}, ${JSON.stringify(question(yes))}: ${valid ? 'valid' : 'not valid'} ${[...new Set(messages.filter((one) => one.severity === 'error').map((one) => one.location + ': ' + one.message))].join()}`);
  }
const answers = { resourceType: 'QuestionnaireResponse', status: 'completed', item: [{ linkId: 'price', answer: [{ valueDecimal: 1200.50 }] }, { linkId: 'users', answer: [{ valueInteger: 12 }] }] };
const back = fhir.xmlToObj(fhir.objToXml(answers));
console.log('through XML:', JSON.stringify(back.item), fhir.validate(back).valid ? 'valid' : 'not valid');
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
preset, {"type":"boolean","initial":[{"valueBoolean":true}]}: valid 
preset, {"type":"boolean","initial":[{"valueBoolean":false}]}: not valid Questionnaire.item[1].initial[0].value[x]: Missing property
preset number, {"type":"integer","initial":[{"valueInteger":1}]}: valid 
preset number, {"type":"integer","initial":[{"valueInteger":0}]}: not valid Questionnaire.item[1].initial[0].value[x]: Missing property
depends, {"type":"string","enableWhen":[{"question":"A1","operator":"=","answerBoolean":true}]}: valid 
depends, {"type":"string","enableWhen":[{"question":"A1","operator":"=","answerBoolean":false}]}: not valid Questionnaire.item[1].enableWhen[0].answer[x]: Missing property
through XML: [{"linkId":"price","answer":[{"valueDecimal":"1200.5"}]},{"linkId":"users","answer":[{"valueInteger":12}]}] not valid
EXPECTED
