#!/usr/bin/env bash
# Tool: emailjs 5.0.3 (npm), which writes letters and hands them to a mail server by SMTP.
# One would guess: whoever is named in To gets the letter; a group, "Reviewers: ann@..., bob@...;" (RFC 5322, 3.4), is its members.
# What happens: the group is read, and its members are not: the letter goes out to =?UTF-8?Q?Reviewers?= <undefined>, in the
# header and in what is said to the server, and nobody of the group gets it. The letter is held for valid before, and has been sent after.
# Addresses with a comma in the name, in a list and with a name behind them in brackets are right.
# Why it matters to a register: reminders to "Reviewers" go to nobody, and one letter with a refused address is often refused whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund emailjs@5.0.3 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { createServer } from 'node:net';
import { Message, SMTPClient } from 'emailjs';
const told = [];
const server = createServer((socket) => {
  let data = false;
  socket.write('220 mx.example\r\n');
  socket.on('data', (bytes) => {
    for (const line of bytes.toString().split('\r\n').filter(Boolean)) {
      if (data) { if (line === '.') { data = false; socket.write('250 ok\r\n'); } continue; }
      if (/^RCPT/i.test(line)) told.push(line);
      data = /^DATA/i.test(line);
      socket.write(data ? '354 go on\r\n' : /^EHLO/i.test(line) ? '250 mx.example\r\n' : '250 ok\r\n');
    }
  });
}).listen(0, '127.0.0.1', async () => {
  for (const to of ['"Bell, Ann" <ann@care.example>, bob@care.example', 'ann@care.example (Ann)', 'Reviewers: ann@care.example, bob@care.example;', 'dan@care.example, Reviewers: ann@care.example;']) {
    told.length = 0;
    const letter = new Message({ from: 'office@register.example', to, subject: 'A review is due', text: 'It is.' });
    const { isValid } = letter.checkValidity();
    const head = (await letter.readAsync()).match(/^To: .*$/m)[0];
    const client = new SMTPClient({ host: '127.0.0.1', port: server.address().port });
    const sent = await client.sendAsync(letter).then(() => 'sent', (error) => error.message);
    client.smtp.close();
    console.log(`${to}: valid ${isValid}, ${head}; ${told.join(', ') || 'nobody told to the server'}; ${sent}`);
  }
  server.close();
  process.exit(0);
});
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
"Bell, Ann" <ann@care.example>, bob@care.example: valid true, To: =?UTF-8?Q?Bell=2C_Ann?= <ann@care.example>, bob@care.example; RCPT TO:<ann@care.example>, RCPT TO:<bob@care.example>; sent
ann@care.example (Ann): valid true, To: =?UTF-8?Q?Ann?= <ann@care.example>; RCPT TO:<ann@care.example>; sent
Reviewers: ann@care.example, bob@care.example;: valid true, To: =?UTF-8?Q?Reviewers?= <undefined>; RCPT TO:<undefined>; sent
dan@care.example, Reviewers: ann@care.example;: valid true, To: dan@care.example, =?UTF-8?Q?Reviewers?= <undefined>; RCPT TO:<dan@care.example>, RCPT TO:<undefined>; sent
EXPECTED
