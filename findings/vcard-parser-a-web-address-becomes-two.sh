#!/usr/bin/env bash
# Tools: vcard-parser 1.0.0, vcard4-ts 0.4.1, ical.js 2.2.1 and vcards-js 2.11.1 (npm), on vCards (RFC 6350); beside them vcard4 4.0.5 (npm).
# One would guess: a semicolon parts values only where RFC 6350 has parts (N, ADR, ORG, GENDER); in a web address and in a telephone's tel: it is a sign as any
# other; in a note it may stand behind a backslash, which is taken away; and an organisation with its department is a list of two.
# What happens: vcard-parser makes two of an address with a semicolon, of a telephone with its extension, and of a place even at the comma.
# vcard4-ts gives the organisation as one text, in which nothing tells the semicolon of a name from that before the department. ical.js leaves the
# backslash in a note. vcards-js writes no backslash before the semicolon of a name, so that the half behind it is read as a department. vcard4 reads all rightly.
# Why it matters to a register: contacts of suppliers come as vCards; "Bright; Linen" is a department of "Bright" after one round, and the
# number that is rung has lost its extension.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund vcard-parser@1.0.0 vcard4-ts@0.4.1 ical.js@2.2.1 vcards-js@2.11.1 vcard4@4.0.5 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import ICAL from 'ical.js';
import vcard from 'vcard-parser';
import { parse } from 'vcard4';
import { parseVCards } from 'vcard4-ts';
import make from 'vcards-js';
const show = (name, values) => console.log(`${name}:`, values.map((value) => JSON.stringify(value)).join(' '));
const text = ['BEGIN:VCARD', 'VERSION:4.0', 'FN:Ann Holm', 'ORG:Bright\\; Linen;Care', 'NOTE:Ask first\\; then ring', 'URL:https://register.example/suppliers?ids=1;2',
  'TEL;VALUE=uri:tel:+44-113-496-0000;ext=5', 'GEO:geo:53.8,-1.5', 'END:VCARD', ''].join('\r\n');
const names = ['org', 'note', 'url', 'tel', 'geo'];
const right = parse(text), first = vcard.parse(text), second = parseVCards(text).vCards[0], third = ICAL.Component.fromString(text);
show('vcard4', names.map((name) => [].concat(right.getProperty(name.toUpperCase()))[0].value));
show('vcard-parser', names.map((name) => first[name][0].value));
show('vcard4-ts', names.map((name) => second[name.toUpperCase()][0].value));
show('ical.js', names.map((name) => third.getFirstPropertyValue(name)));
const card = make();
[card.version, card.firstName, card.lastName, card.organization] = ['4.0', 'Ann', 'Holm', 'Bright; Linen'];
const written = card.getFormattedString();
show('vcards-js', [/^ORG.*$/m.exec(written)[0].trim()]);
show('read by vcard4', [parse('BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Holm\r\n' + /^ORG.*$/m.exec(written)[0].trim() + '\r\nEND:VCARD\r\n').getProperty('ORG')].flat().map((org) => org.value));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
vcard4: ["Bright; Linen","Care"] "Ask first; then ring" "https://register.example/suppliers?ids=1;2" "tel:+44-113-496-0000;ext=5" "geo:53.8,-1.5"
vcard-parser: ["Bright; Linen","Care"] "Ask first; then ring" ["https://register.example/suppliers?ids=1","2"] ["tel:+44-113-496-0000","ext=5"] ["geo:53.8","-1.5"]
vcard4-ts: ["Bright; Linen;Care"] "Ask first; then ring" "https://register.example/suppliers?ids=1;2" "tel:+44-113-496-0000;ext=5" "geo:53.8,-1.5"
ical.js: ["Bright; Linen","Care"] "Ask first\\; then ring" "https://register.example/suppliers?ids=1;2" "tel:+44-113-496-0000;ext=5" "geo:53.8,-1.5"
vcards-js: "ORG:Bright; Linen"
read by vcard4: ["Bright"," Linen"]
EXPECTED
