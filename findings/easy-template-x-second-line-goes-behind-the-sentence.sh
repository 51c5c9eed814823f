#!/usr/bin/env bash
# Tool: easy-template-x 7.2.8 (npm), templates of Word documents; jszip 3.10.2 to build one and look inside.
# One would guess: a value with line breaks stands whole where its tag stood, with breaks in it, before what follows in the sentence.
# What happens: only its first line stands there. The breaks and the other lines go to the end of the run, so behind the rest of the sentence:
# "Send it to {address} by {date}." becomes "Send it to 1 High Street by 5 June 2026." with the town and the postcode behind the full
# stop; where two values have lines, those of both stand together there. In a loop within a line, each row's second line stands behind
# its comma. Where the tag is the last of its run, or Word happens to have cut the sentence there, it is right.
# Why it matters to a register: addresses, answers and reasons have lines; in the letter they are parts of other sentences, and whether it
# happens depends on something in the template that nobody sees.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund easy-template-x@7.2.8 jszip@3.10.2 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.mjs <<'JS'
import JSZip from 'jszip';
import { TemplateHandler } from 'easy-template-x';
const package_ = 'http://schemas.openxmlformats.org/package/2006';
const word = 'http://schemas.openxmlformats.org';
async function letter(runs, values) {
  const zip = new JSZip();
  zip.file('[Content_Types].xml', `<Types xmlns="${package_}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`);
  zip.file('_rels/.rels', `<Relationships xmlns="${package_}/relationships"><Relationship Id="r1" Type="${word}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`);
  zip.file('word/document.xml', `<w:document xmlns:w="${word}/wordprocessingml/2006/main"><w:body><w:p>${runs.map((run) => `<w:r><w:t xml:space="preserve">${run}</w:t></w:r>`).join('')}</w:p></w:body></w:document>`);
  const made = await new TemplateHandler().process(await zip.generateAsync({ type: 'nodebuffer' }), values);
  const text = await (await JSZip.loadAsync(made)).file('word/document.xml').async('text');
  console.log(text.replace(/<w:br\/>/g, ' / ').replace(/<[^>]+>/g, ''));
}
const values = { address: '1 High Street\nAnytown\nAB1 2CD', date: '5 June 2026', reason: 'late\nincomplete', firms: [{ name: 'Acme\nLtd' }, { name: 'Care\nLtd' }] };
await letter(['Send it to {address} by {date}.'], values);
await letter(['Send it to {address}', ' by {date}.'], values);
await letter(['{address} because {reason}.'], values);
await letter(['{#firms}{name}, {/firms}and others.'], values);
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Send it to 1 High Street by 5 June 2026. / Anytown / AB1 2CD
Send it to 1 High Street / Anytown / AB1 2CD by 5 June 2026.
1 High Street because late. / Anytown / AB1 2CD / incomplete
Acme,  / LtdCare,  / Ltdand others.
EXPECTED
