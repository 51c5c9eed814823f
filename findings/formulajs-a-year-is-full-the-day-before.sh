#!/usr/bin/env bash
# Tool: @formulajs/formulajs 4.6.1 (npm), Excel's functions for JavaScript.
# One would guess: DATEDIF(31 March 2025, 30 March 2026, "Y") is 0, as in Excel, for the year is full on 31 March; in months, "M", it is 11.
# What happens: "M" is 11 and "Y" is 1, in one call after the other: years are counted as YEARFRAC has them, where each month has 30 days and
# the 31st counts as the 30th. So it goes for all that began on a 31st; what began on a 28th or a 5th is right.
# Also COUNTIF and SUMIF heed capitals and know no wildcards, as Excel's do not and do: "yes" counts one of Yes, yes and YES, and "*Ltd" none
# of two companies, which MATCH of the same library finds.
# Why it matters to a register: a yearly review counts as due and a certificate as run out one day early; and answers are counted too low.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @formulajs/formulajs@4.6.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.cjs <<'JS'
const { DATEDIF, COUNTIF, SUMIF, MATCH } = require('@formulajs/formulajs');
for (const [from, to] of [['2025-03-31', '2026-03-30'], ['2025-03-31', '2026-03-31'], ['2025-12-31', '2027-12-30'], ['2025-02-28', '2026-02-27'], ['2025-02-28', '2026-02-28'], ['2024-02-29', '2025-02-28'], ['2025-05-05', '2026-05-04']])
  console.log(`${from} to ${to}: Y ${DATEDIF(from, to, 'Y')}, M ${DATEDIF(from, to, 'M')}, D ${DATEDIF(from, to, 'D')}`);
console.log('yes among Yes, yes, YES: COUNTIF', COUNTIF(['Yes', 'yes', 'YES'], 'yes'), 'SUMIF', SUMIF(['Yes', 'yes', 'YES'], 'yes', [1, 1, 1]), 'MATCH at', MATCH('yes', ['Yes', 'yes', 'YES'], 0));
console.log('*Ltd among Brook Ltd, Quay Ltd: COUNTIF', COUNTIF(['Brook Ltd', 'Quay Ltd'], '*Ltd'), 'MATCH at', MATCH('*Ltd', ['Brook Ltd', 'Quay Ltd'], 0));
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
2025-03-31 to 2026-03-30: Y 1, M 11, D 364
2025-03-31 to 2026-03-31: Y 1, M 12, D 365
2025-12-31 to 2027-12-30: Y 2, M 23, D 729
2025-02-28 to 2026-02-27: Y 0, M 11, D 364
2025-02-28 to 2026-02-28: Y 1, M 12, D 365
2024-02-29 to 2025-02-28: Y 0, M 11, D 365
2025-05-05 to 2026-05-04: Y 0, M 11, D 364
yes among Yes, yes, YES: COUNTIF 1 SUMIF 1 MATCH at 1
*Ltd among Brook Ltd, Quay Ltd: COUNTIF 0 MATCH at 1
EXPECTED
