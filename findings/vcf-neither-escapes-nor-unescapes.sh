#!/usr/bin/env bash
# Tools: vcf 2.1.2, ical.js 2.2.1 (npm), on contacts as vCards.
# One would guess: a text set into a card is written so that it can be read: a comma, a semicolon and a line break escaped with a backslash, as
# vCard asks for since 3.0; and a text read from a card is without those backslashes.
# What happens: neither. A note of two lines is written as one, the last word of the first joined to the first of the second. The company
# "Holm; Quay Ltd" is for every reader Holm, department Quay Ltd, and the nickname "Quay, the lab" two nicknames. What others have written
# right is read with backslashes, also by toJCard(), whose jCard has them for good. A card read and written again is right by that alone.
# Why it matters to a register: addresses in notes fall together ("LeedsRing"), suppliers lose half their name on the way to an address
# book, and gain backslashes on the way back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund vcf@2.1.2 ical.js@2.2.1 >/dev/null
npm ls --depth 0 | grep "@[0-9]" | grep -E 'vcf|ical'
cat >check.mjs <<'JS'
import vcf from 'vcf';
import ICAL from 'ical.js';
const texts = { fn: 'Jo Holm', org: 'Holm; Quay Ltd', nickname: 'Quay, the lab', note: '1 High Street, Leeds\nRing twice' };
const read = (text) => {
  const card = new ICAL.Component(ICAL.parse(text));
  return Object.fromEntries(Object.keys(texts).map((name) => [name, card.getFirstProperty(name).getValues()]));
};
const written = new vcf();
for (const [name, text] of Object.entries(texts)) written.set(name, text);
console.log(written.toString('4.0').split('\r\n').slice(2, -1).join('\n'));
console.log('vcf writes, ical.js reads:', JSON.stringify(read(written.toString('4.0'))));
const right = ['BEGIN:VCARD', 'VERSION:4.0', 'FN:Jo Holm', 'ORG:Holm\\; Quay Ltd', 'NICKNAME:Quay\\, the lab', 'NOTE:1 High Street\\, Leeds\\nRing twice', 'END:VCARD', ''].join('\r\n');
console.log('written right, ical.js reads:', JSON.stringify(read(right)));
const [card] = vcf.parse(right);
console.log('written right, vcf reads:', JSON.stringify(Object.fromEntries(Object.keys(texts).map((name) => [name, card.get(name).valueOf()]))));
console.log('as jCard:', JSON.stringify(card.toJCard()[1].slice(1).map(([name, , , value]) => [name, value])));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
FN:Jo Holm
ORG:Holm; Quay Ltd
NICKNAME:Quay, the lab
NOTE:1 High Street, LeedsRing twice
vcf writes, ical.js reads: {"fn":["Jo Holm"],"org":[["Holm"," Quay Ltd"]],"nickname":["Quay"," the lab"],"note":["1 High Street, LeedsRing twice"]}
written right, ical.js reads: {"fn":["Jo Holm"],"org":["Holm; Quay Ltd"],"nickname":["Quay, the lab"],"note":["1 High Street, Leeds\nRing twice"]}
written right, vcf reads: {"fn":"Jo Holm","org":"Holm\\; Quay Ltd","nickname":"Quay\\, the lab","note":"1 High Street\\, Leeds\\nRing twice"}
as jCard: [["fn","Jo Holm"],["org","Holm\\; Quay Ltd"],["nickname","Quay\\, the lab"],["note","1 High Street\\, Leeds\\nRing twice"]]
EXPECTED
