#!/usr/bin/env bash
# Tool: dmarc-report-parser 0.1.5 (npm), reads what mail providers report of a domain's mail (DMARC aggregate reports, RFC 7489).
# One would guess: the example in the standard's own form is read, with or without <reason>, by which a receiver says why it did not do what the
# domain asks: "mailing_list", "local_policy". The field is in the parser's own description of a report.
# What happens: a report with a reason in any of its rows is refused as a whole, since the reader puts its words into lists and the description wants
# them plain; and as several files are read in one call, none of them is read. Without the reason the same report is read in full.
# Why it matters to a register: whose domain is safe from false senders is a question asked of every supplier; the large providers give reasons as soon
# as one message was forwarded, so that just the reports that need a look are lost.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund dmarc-report-parser@0.1.5 >/dev/null
npm ls --depth 0 | grep '── '
cat >check.cjs <<'JS'
const { parseDmarcReportsFromXml } = require('dmarc-report-parser');
const report = (reason) => `<?xml version="1.0" encoding="UTF-8"?>
<feedback><version>1.0</version><report_metadata><org_name>example.net</org_name><email>reports@example.net</email><report_id>1</report_id><date_range><begin>1780617600</begin><end>1780703999</end></date_range></report_metadata>
<policy_published><domain>example.org</domain><adkim>r</adkim><aspf>r</aspf><p>reject</p><sp>reject</sp><pct>100</pct></policy_published>
<record><row><source_ip>192.0.2.1</source_ip><count>12</count><policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf>${reason}</policy_evaluated></row>
<identifiers><header_from>example.org</header_from></identifiers><auth_results><spf><domain>lists.example.com</domain><result>pass</result></spf></auth_results></record></feedback>`;
const listed = '<reason><type>mailing_list</type><comment>known list</comment></reason>';
async function read(name, files) {
  try {
    const { reports } = await parseDmarcReportsFromXml(files);
    console.log(`${name}: ${reports.length} read, ${reports[0].record[0].row.count} messages`);
  } catch (error) {
    const [{ path, message }] = JSON.parse(error.message);
    console.log(`${name}: refused at ${path.filter((part) => typeof part === 'string').join('/')}, ${message.replace(/Expected '.*',/, 'expected a word,')}`);
  }
}
(async () => {
  await read('without reason', [report('')]);
  await read('with a reason', [report(listed)]);
  await read('with a reason without comment', [report('<reason><type>local_policy</type></reason>')]);
  await read('one of each', [report(''), report(listed)]);
})();
JS
node check.cjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
without reason: 1 read, 12 messages
with a reason: refused at record/row/policy_evaluated/reason/type, expected a word, received array
with a reason without comment: refused at record/row/policy_evaluated/reason/type, expected a word, received array
one of each: refused at record/row/policy_evaluated/reason/type, expected a word, received array
EXPECTED
