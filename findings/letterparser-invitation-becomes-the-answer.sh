#!/usr/bin/env bash
# Tool: letterparser 0.1.8 (npm), extract(), which reads a letter into text, attachments and addresses.
# One would guess: text is what the writer wrote: the plain one of the alternatives. An invitation (text/calendar) beside it and a letter
# that is attached (message/rfc822) are not part of it. A name with a comma in it is one person, two writers are two.
# What happens: the invitation's lines and the text of the attached letter are put behind the writer's words without anything between, and the
# attached letter is nowhere else: neither its sender nor its subject is left. Names are decoded before addresses are split: of two writers the first
# has an address with the other in it, and so has a person whose name has a comma in encoded words. A group is an address. A file name
# in parts (RFC 2231, as programs write a long one) is lost.
# Why it matters to a register: an answer that accepts an invitation, or has the supplier's letter attached, is stored with words
# that its writer did not write.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund letterparser@0.1.8 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { extract } from 'letterparser';
const lines = (...all) => all.join('\r\n') + '\r\n';
const invited = extract(lines('From: ann@care.example', 'Subject: Re: Review', 'MIME-Version: 1.0', 'Content-Type: multipart/alternative; boundary=a', '',
  '--a', 'Content-Type: text/plain; charset=utf-8', '', 'Yes, on Friday.',
  '--a', 'Content-Type: text/calendar; charset=utf-8; method=REPLY', '', 'BEGIN:VCALENDAR', 'METHOD:REPLY', 'END:VCALENDAR', '--a--'));
console.log('an invitation:', JSON.stringify(invited.text), `attachments ${invited.attachments?.length ?? 0}`);
const attached = extract(lines('From: ann@care.example', 'Subject: Fwd: Evidence', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=m', '',
  '--m', 'Content-Type: text/plain', '', 'We do not agree with this:',
  '--m', 'Content-Type: message/rfc822', '', 'From: quay@supplier.example', 'Subject: Our answer', 'Content-Type: text/plain', '', 'Data is kept in the UK.',
  '--m', 'Content-Type: application/pdf', "Content-Disposition: attachment; filename*0=\"Certificate of ISO 27001 \"; filename*1=\"2026.pdf\"", 'Content-Transfer-Encoding: base64', '', 'JVBERi0=', '--m--'));
console.log('an attached letter:', JSON.stringify(attached.text), JSON.stringify(attached).includes('quay@supplier.example'), attached.attachments.map((one) => `${one.contentType.type} named ${one.filename}`).join());
for (const from of ['"Bell, Ann" <ann@care.example>', '=?utf-8?q?Bell=2C_Ann?= <ann@care.example>', '"Bell, Ann" <ann@care.example>, Bob <bob@care.example>', 'Reviewers: ann@care.example, bob@care.example;']) {
  const { from: writer, to } = extract(lines(`From: ${from.startsWith('Reviewers') ? 'office@register.example' : from}`, `To: ${from}`, 'Subject: Review', '', 'Yes.'));
  const shown = (one) => `${one.name ?? 'no name'} at ${one.address}`;
  console.log(`${from}: from ${shown(writer)}; to ${to.map(shown).join(' and ')}`);
}
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
an invitation: "Yes, on Friday.\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR" attachments 0
an attached letter: "We do not agree with this:\nData is kept in the UK." false application/pdf named undefined
"Bell, Ann" <ann@care.example>: from Bell, Ann at ann@care.example; to Bell, Ann at ann@care.example
=?utf-8?q?Bell=2C_Ann?= <ann@care.example>: from Bell, Ann at ann@care.example; to no name at Bell and Ann at ann@care.example
"Bell, Ann" <ann@care.example>, Bob <bob@care.example>: from Bell, Ann at ann@care.example>, Bob <bob@care.example; to Bell, Ann at ann@care.example and Bob at bob@care.example
Reviewers: ann@care.example, bob@care.example;: from no name at office@register.example; to no name at Reviewers: ann@care.example and no name at bob@care.example;
EXPECTED
