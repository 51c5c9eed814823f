#!/usr/bin/env bash
# Tools: html2text 2025.4.15, markdownify 1.2.3 (PyPI), turndown 7.2.5 with turndown-plugin-gfm 1.0.2 (npm), which make Markdown out of
# HTML; marked 18.2.1 (npm) reads it again.
# One would guess: a table of questions and answers is the same table afterwards. A bar in an answer is written with a backslash, as it would
# otherwise begin another cell; they do put backslashes before stars and underscores.
# What happens: none of the three does it for the bar. The row has a cell too many, and whoever reads Markdown leaves it out, as the rule says: of
# "CSV | XLSX" there remains CSV. After a line break within an answer html2text and turndown begin another row, so that "York" stands
# where the questions stand; markdownify writes a space instead.
# Why it matters to a register: answered questionnaires are pasted into issues, wikis and prompts as Markdown; half an answer is a whole one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check html2text==2025.4.15 markdownify==1.2.3
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(html2text|markdownify) '
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund turndown@7.2.5 turndown-plugin-gfm@1.0.2 marked@18.2.1 >/dev/null
npm ls --depth 0 | grep @
cat >table.html <<'HTML'
<table><thead><tr><th>Question</th><th>Answer</th></tr></thead><tbody>
<tr><td>Formats</td><td>CSV | XLSX</td></tr><tr><td>Sites</td><td>Leeds<br>York</td></tr></tbody></table>
HTML
python/bin/python -c 'import html2text; print(html2text.html2text(open("table.html").read()).strip())' >html2text.md
python/bin/python -c 'import markdownify; print(markdownify.markdownify(open("table.html").read()).strip())' >markdownify.md
cat >turndown.cjs <<'JS'
const TurndownService = require('turndown');
const service = new TurndownService();
service.use(require('turndown-plugin-gfm').gfm);
console.log(service.turndown(require('fs').readFileSync('table.html', 'utf8')));
JS
node turndown.cjs >turndown.md
cat >read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { marked } from 'marked';
for (const tool of ['html2text', 'markdownify', 'turndown']) {
  const table = marked.lexer(readFileSync(tool + '.md', 'utf8')).find((part) => part.type === 'table');
  console.log(tool + ':', table.rows.map((row) => row.map((cell) => JSON.stringify(cell.text)).join(' ')).join('; '));
}
JS
node read.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
html2text: "Formats" "CSV"; "Sites" "Leeds"; "York" ""
markdownify: "Formats" "CSV"; "Sites" "Leeds York"
turndown: "Formats" "CSV"; "Sites" "Leeds"; "York" ""
EXPECTED
