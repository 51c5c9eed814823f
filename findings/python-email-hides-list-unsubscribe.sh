#!/usr/bin/env bash
# Tool: Python's own email package (3.11), policy SMTP, writes; mailparser 3.14.2 (npm) reads.
# One would guess: a header without any character outside ASCII goes out as it was set; at most it is folded at its spaces.
# What happens: a word of more than one line, such as a link of 80 characters or a Message-ID quoted in References, is cut up into
# encoded words (=?utf-8?q?=3Chttps=3A//...?=), which RFC 2047 allows only for free text. mailparser does as mail programs do, and takes
# List-Unsubscribe for a name: the web address is gone and only the mailto: after it is left, beside a List-Unsubscribe-Post that
# promises one click. The same Message-ID is left whole as Message-ID, so the answer's References no longer spell it.
# Why it matters to a register: reminders with a token in their link have no working unsubscribe, and replies fall out of their thread.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund mailparser@3.14.2 >/dev/null
python3 --version
npm ls --depth 0 | grep @
cat >write.py <<'PY'
import sys
from email import policy
from email.message import EmailMessage
letter = EmailMessage(policy=policy.SMTP)
letter["From"], letter["To"], letter["Subject"] = "register@example.org", "sam@example.org", "A review is due"
name = "<rev_0123456789abcdef0123456789abcdef.2026-11-29T18-52-30Z@register.care.example.org>"
letter["Message-ID"] = name
letter["References"] = name
letter["List-Unsubscribe"] = "<https://register.example.org/unsubscribe/" + "0123456789abcdef" * 4 + ">, <mailto:stop@example.org>"
letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
letter.set_content("A review is due.")
sys.stdout.buffer.write(letter.as_bytes())
PY
cat >read.mjs <<'JS'
import { simpleParser } from 'mailparser';
import { readFileSync } from 'node:fs';
const letter = await simpleParser(readFileSync('letter.eml'));
const { url, mail, name } = letter.headers.get('list').unsubscribe;
console.log(`unsubscribe: address ${url}, mail ${mail}, name ${name}`);
JS
python3 write.py >letter.eml
{ grep -E -A 3 '^(Message-ID|References|List-Unsubscribe)' letter.eml | tr -d '\r' | grep -E '^(Message|Ref|List| )'; node read.mjs; } | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Message-ID: <rev_0123456789abcdef0123456789abcdef.2026-11-29T18-52-30Z@register.care.example.org>
References: =?utf-8?q?=3Crev=5F0123456789abcdef0123456789abcdef=2E2026-11-29?=
 =?utf-8?q?T18-52-30Z=40register=2Ecare=2Eexample=2Eorg=3E?=
List-Unsubscribe: =?utf-8?q?=3Chttps=3A//register=2Eexample=2Eorg/unsubscrib?=
 =?utf-8?q?e/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde?=
 =?utf-8?q?f=3E=2C?= <mailto:stop@example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
unsubscribe: address undefined, mail stop@example.org, name =?utf-8?q?=3Chttps=3A//register=2Eexample=2Eorg/unsubscrib?= =?utf-8?q?e/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde?= =?utf-8?q?f=3E=2C?=
EXPECTED
