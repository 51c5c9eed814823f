#!/usr/bin/env bash
# Tools: hl7apy 1.3.5 and hl7 0.4.5 (PyPI), which read and write HL7 v2 messages.
# One would guess: a message that is read and written without any change is the same message, as it is with hl7.
# What happens: hl7apy escapes escape sequences of formatted text: the line break \.br\ in a note is written \E\.br\E\, and the indent \.in4\ and
# the character in hex \X0A\ likewise. To the next reader that is no line break but the letters .br between backslashes. \H\ and \N\, for a
# stressed word, and the escaped separators \T\, \S\, \F\ and \E\ are left alone.
# Why it matters to a register: notes on an incident come over from care systems in HL7, lines and all; a service that files and forwards them
# changes the text of evidence, and so its hash.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check hl7apy==1.3.5 hl7==0.4.5
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(hl7apy|hl7) '
cat >check.py <<'PY'
import hl7
from hl7apy.parser import parse_message
for kind, text in [("TX", r"First line\.br\Second line"), ("FT", r"First line\.br\Second line"), ("FT", r"\H\Urgent\N\ \.in4\note"), ("FT", r"a\X0A\b"), ("TX", r"Lee \T\ Co, 3\S\4, a\F\b, c\E\d")]:
    message = "\r".join([r"MSH|^~\&|CARE|HOME|REG|X|20260605090000||ORU^R01^ORU_R01|1|P|2.5", "PID|1||1", "OBR|1|||1^Note", f"OBX|1|{kind}|1^Note||{text}||||||F"]) + "\r"
    note = lambda written: written.split("OBX|")[1].split("|")[4]
    once = parse_message(message, find_groups=False).to_er7()
    print(f"{kind} {text}: hl7 {note(str(hl7.parse(message)))}; hl7apy {note(once)}; again {note(parse_message(once, find_groups=False).to_er7())};",
          "what hl7 reads of it:", repr(hl7.parse(once + "\r").extract_field("OBX", 1, 5, 1, 1)))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
TX First line\.br\Second line: hl7 First line\.br\Second line; hl7apy First line\E\.br\E\Second line; again First line\E\.br\E\Second line; what hl7 reads of it: 'First line\\.br\\Second line'
FT First line\.br\Second line: hl7 First line\.br\Second line; hl7apy First line\E\.br\E\Second line; again First line\E\.br\E\Second line; what hl7 reads of it: 'First line\\.br\\Second line'
FT \H\Urgent\N\ \.in4\note: hl7 \H\Urgent\N\ \.in4\note; hl7apy \H\Urgent\N\ \E\.in4\E\note; again \H\Urgent\N\ \E\.in4\E\note; what hl7 reads of it: '_Urgent_ \\.in4\\note'
FT a\X0A\b: hl7 a\X0A\b; hl7apy a\E\X0A\E\b; again a\E\X0A\E\b; what hl7 reads of it: 'a\\X0A\\b'
TX Lee \T\ Co, 3\S\4, a\F\b, c\E\d: hl7 Lee \T\ Co, 3\S\4, a\F\b, c\E\d; hl7apy Lee \T\ Co, 3\S\4, a\F\b, c\E\d; again Lee \T\ Co, 3\S\4, a\F\b, c\E\d; what hl7 reads of it: 'Lee & Co, 3^4, a|b, c\\d'
EXPECTED
