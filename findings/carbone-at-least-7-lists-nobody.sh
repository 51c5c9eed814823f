#!/usr/bin/env bash
# Tool: carbone 3.8.2 (npm), letters and lists from templates.
# One would guess: {d.firms[i, score>=7].name} lists the firms with a score of 7 or more; >= and <= stand beside >, <, = and != among the operators
# that the documents name for filters since version 2. What is no operator is an error.
# What happens: with >= and <= the list is empty, whatever the scores are, and there is no error, be they written so or as &gt;=, as Word writes
# them, with spaces or without: the sign is split, and a field called "score>" is sought that equals 7. With > and 6 the list is right.
# In a single tag, {d.firms[score>=7].name}, nothing is found either.
# Why it matters to a register: "suppliers with a high score: none" in the letter to the board, from a template written as the documents say.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund carbone@3.8.2 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.cjs <<'JS'
const { writeFileSync } = require('node:fs');
const { resolve } = require('node:path');
const { promisify } = require('node:util');
const carbone = require('carbone');
const firms = [{ name: 'Acme', score: 9 }, { name: 'Beta', score: 7 }, { name: 'Care', score: 2 }];
async function made(template) {
  writeFileSync('list.xml', `<list>${template}</list>`);
  try {
    return (await promisify(carbone.render)(resolve('list.xml'), { firms })).toString().replace(/<[^>]+>/g, ' ').trim() || '(nobody)';
  } catch (error) {
    return String(error);
  }
}
(async () => {
  for (const filter of ['score>6', 'score&gt;6', 'score>=7', 'score&gt;=7', 'score >= 7', 'score=7', 'score<7', 'score<=7', 'score!=7'])
    console.log(`${filter}: ${await made(`<firm>{d.firms[i, ${filter}].name}</firm><firm>{d.firms[i+1, ${filter}].name}</firm>`)}`);
  console.log(`first with score>6: ${await made('{d.firms[score>6].name}')}, with score>=7: ${await made('{d.firms[score>=7].name}')}`);
  process.exit();
})();
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
score>6: Acme  Beta
score&gt;6: Acme  Beta
score>=7: (nobody)
score&gt;=7: (nobody)
score >= 7: (nobody)
score=7: Beta
score<7: Care
score<=7: (nobody)
score!=7: Acme  Care
first with score>6: Acme, with score>=7: (nobody)
EXPECTED
