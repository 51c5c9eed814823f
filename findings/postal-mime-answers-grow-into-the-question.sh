#!/usr/bin/env bash
# Tool: postal-mime 4.0.0 (npm), text of a letter in format=flowed (RFC 3676); beside it mailparser 3.14.2 (npm).
# One would guess: a line that ends with a space goes on in the next one only where both are quoted equally deep (section 4.5), the quote marks
# are taken off before lines are joined, and an empty line ends a paragraph.
# What happens: postal-mime joins by the space alone. The answer below a quoted question whose line ends with a space is put on the
# question's line, behind its quote mark, so that whoever drops quoted lines drops the answer; the marks of joined lines stay in
# the middle of the words. The empty line after a line with a space is lost in both, so two answers become one line.
# Why it matters to a register: answers to a short questionnaire come back by mail below the questions, and "No" is not read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund postal-mime@4.0.0 mailparser@3.14.2 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import PostalMime from 'postal-mime';
import { simpleParser } from 'mailparser';
const letter = (text) => `From: ann@care.example\r\nTo: office@register.example\r\nSubject: Re: Questions\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\r\n${text}`;
for (const [name, text] of Object.entries({
  'an answer below': '> 1. Is data kept in the UK? \r\nNo, \r\nin Dublin.\r\n> 2. Is it sold?\r\nNo.\r\n',
  'a question of two lines': '> 1. Is data kept \r\n> in the UK?\r\nNo.\r\n',
  'an answer quoted again': '>> 1. Is data kept in the UK? \r\n> No. \r\nSince when?\r\n',
  'an empty line between': '1. Yes. \r\n\r\n2. No.\r\n',
})) {
  console.log(`${name}: postal-mime ${JSON.stringify((await PostalMime.parse(letter(text))).text.trimEnd())}`);
  console.log(`${name}: mailparser ${JSON.stringify((await simpleParser(letter(text))).text.trimEnd())}`);
}
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
an answer below: postal-mime "> 1. Is data kept in the UK? No, in Dublin.\n> 2. Is it sold?\nNo."
an answer below: mailparser "> 1. Is data kept in the UK? \nNo, in Dublin.\n> 2. Is it sold?\nNo."
a question of two lines: postal-mime "> 1. Is data kept > in the UK?\nNo."
a question of two lines: mailparser "> 1. Is data kept in the UK?\nNo."
an answer quoted again: postal-mime ">> 1. Is data kept in the UK? > No. Since when?"
an answer quoted again: mailparser ">> 1. Is data kept in the UK? \n> No. \nSince when?"
an empty line between: postal-mime "1. Yes. 2. No."
an empty line between: mailparser "1. Yes. 2. No."
EXPECTED
