#!/usr/bin/env bash
# Tools: eml-format 0.6.1 and eml-parse-js 1.1.15 (npm), which read .eml files; beside them mailparser 3.14.2 (npm).
# One would guess: a subject partly in encoded words (RFC 2047) keeps its other words, an underscore in it is a space, what was folded after
# a word is that word, a space and the next; a name in quotation marks or in encoded words may have a comma; a group has its members.
# What happens: eml-format keeps the first encoded word and nothing else, with its underscores: "Review of" and "and Quay" are gone, and so is
# the reference before it. eml-parse-js keeps the words and drops the space where a long subject was folded. A person with a comma in the name is
# two: in eml-format if the name is in quotation marks and not the first, in eml-parse-js if it is encoded. Of a group, eml-parse-js has the
# name and nobody in it, and eml-format takes the name into the first address.
# Why it matters to a register: a letter filed as evidence is found by its subject and its reference, and answered to whom it came to.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund eml-format@0.6.1 eml-parse-js@1.1.15 mailparser@3.14.2 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { promisify } = require('node:util');
const { simpleParser } = require('mailparser');
const readers = { 'eml-format': promisify(require('eml-format').read), 'eml-parse-js': promisify(require('eml-parse-js').readEml) };
(async () => {
  const show = async (to, subject, part) => {
    const letter = `From: ann@care.example\r\nTo: ${to}\r\nSubject: ${subject}\r\nContent-Type: text/plain\r\n\r\nYes.\r\n`;
    for (const [name, reader] of Object.entries(readers)) console.log(`${name}: ${JSON.stringify((await reader(letter))[part])}`);
    const read = await simpleParser(letter);
    console.log(`mailparser: ${JSON.stringify(part === 'to' ? read.to.value : read.subject)}`);
  };
  for (const subject of ['[REV-42] Review of =?utf-8?q?Caf=C3=A9_Linen?= and Quay', 'Re: =?utf-8?q?Si=C3=A2n?=: yes', 'A review is due of the supplier Bright Linen\r\n and of its products'])
    await show('ann@care.example', subject, 'subject');
  for (const to of ['ann@care.example, "Bell, Bob" <bob@care.example>', '=?utf-8?q?Bell=2C_Bob?= <bob@care.example>, ann@care.example', 'Reviewers: ann@care.example, bob@care.example;'])
    await show(to, 'Review', 'to');
})();
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
eml-format: "Café_Linen"
eml-parse-js: "[REV-42] Review of Café Linen and Quay"
mailparser: "[REV-42] Review of Café Linen and Quay"
eml-format: "Siân"
eml-parse-js: "Re: Siân: yes"
mailparser: "Re: Siân: yes"
eml-format: "A review is due of the supplier Bright Linen\r\nand of its products"
eml-parse-js: "A review is due of the supplier Bright Linenand of its products"
mailparser: "A review is due of the supplier Bright Linen and of its products"
eml-format: [{"email":"ann@care.example"},{"email":"\"Bell"},{"name":"Bob","email":"bob@care.example"}]
eml-parse-js: [{"name":"","email":"ann@care.example"},{"name":"Bell, Bob","email":"bob@care.example"}]
mailparser: [{"address":"ann@care.example","name":""},{"address":"bob@care.example","name":"Bell, Bob"}]
eml-format: [{"name":"Bell,_Bob","email":"bob@care.example"},{"email":"ann@care.example"}]
eml-parse-js: [{"name":"Bell","email":""},{"name":"Bob","email":"bob@care.example"},{"name":"","email":"ann@care.example"}]
mailparser: [{"address":"bob@care.example","name":"Bell, Bob"},{"address":"ann@care.example","name":""}]
eml-format: [{"email":"Reviewers: ann@care.example"},{"email":"bob@care.example;"}]
eml-parse-js: {"name":"Reviewers"}
mailparser: [{"name":"Reviewers","group":[{"address":"ann@care.example","name":""},{"address":"bob@care.example","name":""}]}]
EXPECTED
