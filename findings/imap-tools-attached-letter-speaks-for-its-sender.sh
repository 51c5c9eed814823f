#!/usr/bin/env bash
# Tools: imap-tools 1.16.0 (PyPI), MailMessage, and mail-parser 4.8.0 (PyPI), which read letters from a mailbox.
# One would guess: the text is what the writer wrote; a letter attached to it (message/rfc822) is an attachment. A subject that was folded
# because it is long is unfolded: the line break goes, the space stays (RFC 5322, 2.2.3).
# What happens: both count the attached letter's text to the writer's: imap-tools without so much as a line break between, so the last word of
# one and the first of the other are one; mail-parser keeps no trace of whose it is. A long subject keeps its line break; where an encoded word
# stands before the fold, the break goes and the space with it, so that two words become one.
# Why it matters to a register: "we do not agree with this:" and the supplier's own words become one answer under the reviewer's name, and a
# reminder that is found by its subject is not found.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check imap-tools==1.16.0 mail-parser==4.8.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(imap-tools|mail-parser) '
cat >check.py <<'PY'
import mailparser
from imap_tools import MailMessage
def both(*lines):
    letter = "\r\n".join(lines).encode()
    return MailMessage.from_bytes(letter), mailparser.parse_from_bytes(letter)
ours, theirs = both("From: ann@care.example", "Subject: Fwd: Evidence", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=m", "",
    "--m", "Content-Type: text/plain", "", "We do not agree",
    "--m", "Content-Type: message/rfc822", "", "From: quay@supplier.example", "Subject: Our answer", "Content-Type: text/plain", "", "Data is kept in the UK.", "--m--", "")
print(f"an attached letter: imap-tools {ours.text!r}; mail-parser {theirs.text_plain!r}, attachments {len(theirs.attachments)}")
for subject in ("A review is due of the supplier Bright Linen\r\n and of its products", "=?utf-8?q?Si=C3=A2n?= and Quay", "Review by =?utf-8?q?Si=C3=A2n?=\r\n and Quay"):
    ours, theirs = both("From: ann@care.example", f"Subject: {subject}", "", "Yes.")
    print(f"{subject!r}: imap-tools {ours.subject!r}; mail-parser {theirs.subject!r}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
an attached letter: imap-tools 'We do not agreeData is kept in the UK.'; mail-parser ['We do not agree', 'Data is kept in the UK.'], attachments 0
'A review is due of the supplier Bright Linen\r\n and of its products': imap-tools 'A review is due of the supplier Bright Linen\r\n and of its products'; mail-parser 'A review is due of the supplier Bright Linen\r\n and of its products'
'=?utf-8?q?Si=C3=A2n?= and Quay': imap-tools 'Siân and Quay'; mail-parser 'Siân and Quay'
'Review by =?utf-8?q?Si=C3=A2n?=\r\n and Quay': imap-tools 'Review by Siânand Quay'; mail-parser 'Review by Siânand Quay'
EXPECTED
