#!/usr/bin/env bash
# Tools: email-reply-parser 0.5.12, mail-parser-reply 1.36 (PyPI), which keep of an answer by mail what was written anew.
# One would guess: what is cut off is what mail programs put in: the quoted message below its own head, marked lines, a signature after "-- ". A
# text without any of these stays whole; questions quoted with > between the answers stay, or go, and the answers stay.
# What happens: a line "From:" with a line "To:" after it, dates of a contract or the way that data takes, is held for the head of a quoted
# message, and the rest of the answers is gone, in both. email-reply-parser cuts at a line of dashes or underscores too, and from "From:"
# alone on; what stands between two lines quoted with > loses its question, so that "No." is left. Nothing says that something was cut.
# Why it matters to a register: answers to a short questionnaire come by mail; "data leaves the UK: yes" is below the line and not read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check email-reply-parser==0.5.12 mail-parser-reply==1.36
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(email-reply-parser|mail-parser-reply) '
cat >check.py <<'PY'
import email_reply_parser, mailparser_reply
answers = {
    "a quoted message": "1. Yes.\n\nOn Fri, 5 Jun 2026 at 09:00, Register <office@register.example> wrote:\n> 1. Do you use AI?\n",
    "dates": "1. Contract:\nFrom: 1 June 2026\nTo: 31 May 2027\n2. Data leaves the UK: yes",
    "a way": "1. Data goes\nFrom: the homes\nTo: a data centre in Dublin\n2. Kept for 7 years",
    "from alone": "1. The model is\nFrom: Quay Ltd\n2. Data leaves the UK: yes",
    "a line between": "1. AI: yes\n\n-----\n\n2. Data leaves the UK: yes",
    "between questions": "> 1. Is data kept in the UK?\nNo.\n> 2. Is it sold?\nNo.",
}
for name, text in answers.items():
    print(f"{name}: email-reply-parser {email_reply_parser.EmailReplyParser.parse_reply(text)!r}")
    print(f"{name}: mail-parser-reply {mailparser_reply.EmailReplyParser(languages=['en']).parse_reply(text)!r}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
a quoted message: email-reply-parser '1. Yes.'
a quoted message: mail-parser-reply '1. Yes.'
dates: email-reply-parser '1. Contract:'
dates: mail-parser-reply '1. Contract:'
a way: email-reply-parser '1. Data goes'
a way: mail-parser-reply '1. Data goes'
from alone: email-reply-parser '1. The model is'
from alone: mail-parser-reply '1. The model is\nFrom: Quay Ltd\n2. Data leaves the UK: yes'
a line between: email-reply-parser '1. AI: yes'
a line between: mail-parser-reply '1. AI: yes\n\n-----\n\n2. Data leaves the UK: yes'
between questions: email-reply-parser 'No.\nNo.'
between questions: mail-parser-reply '> 1. Is data kept in the UK?\nNo.\n> 2. Is it sold?\nNo.'
EXPECTED
