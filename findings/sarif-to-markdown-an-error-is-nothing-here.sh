#!/usr/bin/env bash
# Tool: @security-alert/sarif-to-markdown 1.11.1 (npm), reports of scans (SARIF 2.1.0) as text.
# One would guess: every result of the scan is in the report, with its own level; where it has none, that of its rule; where that has none,
# "warning", as the standard says (3.27.10, 3.50.3).
# What happens: only the rule is asked. Results whose rule says nothing of levels, as most scanners write it that put the level on the result,
# are left out, and if there are no others the report says "Nothing here." A result of level "error" under a rule whose usual level is
# "note" is shown as a note. shouldFail, asked to fail on errors, is false for both.
# Why it matters to a register: such a report is the evidence beside a supplier's answer "no open findings"; it looks complete.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @security-alert/sarif-to-markdown@1.11.1 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.cjs <<'JS'
const { sarifToMarkdown } = require('@security-alert/sarif-to-markdown');
const report = sarifToMarkdown({ title: 'Scan', owner: 'example', repo: 'product', branch: 'main', sourceRoot: '', simple: true, failOn: ['error'] });
const rule = (level) => ({ id: 'KEY', shortDescription: { text: 'A key is in the source' }, ...(level && { defaultConfiguration: { level } }) });
const locations = [{ physicalLocation: { artifactLocation: { uri: 'app.py' }, region: { startLine: 7 } } }];
for (const [usual, level] of [['error', undefined], [undefined, 'error'], [undefined, undefined], ['note', 'error']]) {
  const [{ body, shouldFail }] = report({ version: '2.1.0', runs: [{ tool: { driver: { name: 'Scanner', rules: [rule(usual)] } }, results: [{ ruleId: 'KEY', level, message: { text: 'key found' }, locations }] }] });
  const shown = body.split('## Results')[1].split('##')[0].trim().split('\n')[0];
  console.log(`rule ${usual ?? 'without level'}, result ${level ?? 'without level'}: ${shown}; fails: ${shouldFail}`);
}
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
rule error, result without level: - **[ERROR]** **[KEY]**  `key found`; fails: true
rule without level, result error: Nothing here.; fails: false
rule without level, result without level: Nothing here.; fails: false
rule note, result error: - **[NOTE]** **[KEY]**  `key found`; fails: false
EXPECTED
