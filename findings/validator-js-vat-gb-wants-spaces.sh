#!/usr/bin/env bash
# Tool: validator 13.15.35 (npm), isVAT(text, 'GB'); beside it jsvat 2.5.4 (npm).
# One would guess: a British VAT number is accepted as people write it: GB123456782, or with spaces GB 123 4567 82.
# What happens: both are refused. A number of nine digits passes in one spelling only, GB123 4567 82: no space after GB, spaces after
# the third and the seventh digit; one of twelve digits passes only with a space after the ninth. The check digits are not looked
# at: a wrong number in that spelling passes. Numbers of departments and health authorities pass without spaces, and so do those of
# other countries (IE1234567T). jsvat takes all three spellings and refuses the wrong number.
# Why it matters to a register: a form with this library calls nearly every supplier's VAT number invalid, as a ledger exports it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund validator@13.15.35 jsvat@2.5.4 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import validator from 'validator';
import { checkVAT, unitedKingdom, ireland } from 'jsvat';
for (const text of ['GB123456782', 'GB 123 4567 82', 'GB123 4567 82', 'GB123 4567 83', 'GB123456782001', 'GB123456782 001', 'GBGD001', 'GBHA599'])
  console.log(`${text}: validator ${validator.isVAT(text, 'GB')}, jsvat ${checkVAT(text, [unitedKingdom]).isValid}`);
console.log(`IE1234567T: validator ${validator.isVAT('IE1234567T', 'IE')}, jsvat ${checkVAT('IE1234567T', [ireland]).isValid}`);
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
GB123456782: validator false, jsvat true
GB 123 4567 82: validator false, jsvat true
GB123 4567 82: validator true, jsvat true
GB123 4567 83: validator true, jsvat false
GB123456782001: validator false, jsvat true
GB123456782 001: validator true, jsvat true
GBGD001: validator true, jsvat true
GBHA599: validator true, jsvat true
IE1234567T: validator true, jsvat true
EXPECTED
