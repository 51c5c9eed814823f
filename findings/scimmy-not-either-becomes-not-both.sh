#!/usr/bin/env bash
# Tool: SCIMMY 1.3.5 (npm), a SCIM server's core: Types.Filter.match() finds people as a directory asks (RFC 7644, section 3.4.2.2).
# One would guess: not (A or B) is neither A nor B, not (A and B) is all but both, and not before an address in brackets is whoever has none.
# What happens: the not is handed to each part and the words between them stay: not (A or B) finds whoever lacks one of the two, and
# not (A and B) only whoever lacks both, so each answers the other's question. Before brackets the not is lost without a word: who has no
# address at work is answered with who has one. And two conditions on addresses joined by and are held to one and the same address, though
# brackets, which mean that, are not there. A not before a single condition and an or without a not are right.
# Why it matters to a register: a directory that asks for everybody who is neither a contractor nor a leaver gets them too, and nothing errs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund scimmy@1.3.5 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import SCIMMY from 'scimmy';
const work = { type: 'work', value: 'office@care.example' }, home = { type: 'home', value: 'me@home.example' };
const people = [
  { userName: 'ann', userType: 'Contractor', active: true, emails: [work] }, { userName: 'bob', userType: 'Contractor', active: false, emails: [work, home] },
  { userName: 'cat', userType: 'Employee', active: true, emails: [home] }, { userName: 'dan', userType: 'Employee', active: false, emails: [home] },
];
for (const question of ['userType eq "Contractor"', 'not (userType eq "Contractor")', 'userType eq "Contractor" or active eq false',
  'not (userType eq "Contractor" or active eq false)', 'not (userType eq "Contractor" and active eq false)', 'emails[type eq "work"]',
  'not (emails[type eq "work"])', 'emails[type eq "work" and value co "home"]', 'emails.type eq "work" and emails.value co "home"'])
  console.log(question + ':', new SCIMMY.Types.Filter(question).match(people).map((person) => person.userName).join(' ') || 'nobody');
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
userType eq "Contractor": ann bob
not (userType eq "Contractor"): cat dan
userType eq "Contractor" or active eq false: ann bob dan
not (userType eq "Contractor" or active eq false): ann cat dan
not (userType eq "Contractor" and active eq false): cat
emails[type eq "work"]: ann bob
not (emails[type eq "work"]): ann bob
emails[type eq "work" and value co "home"]: nobody
emails.type eq "work" and emails.value co "home": nobody
EXPECTED
