#!/usr/bin/env bash
# Tools: docx-mailmerge2 1.0.3, python-docx 1.2.0 (PyPI) to build the letter and to read it.
# One would guess: what a merge field of Word says about its number is done as Word does it: \# "0%" puts the sign behind the number, what stands
# behind the semicolon is the form of a number below zero, \* Caps makes first letters large and leaves the others. A date without a form
# is written 2026-06-05, as Python writes it.
# What happens: 95 becomes 9500%. Of "#,##0.00;(#,##0.00)" the second half is printed as it stands, with the minus, behind every number. Caps
# and FirstCap make all other letters small, so that the AI of a name goes, and the s of St John's large. 5 June is 06/05/26.
# Why it matters to a register: letters with a score, a credit and a date due are made with just these fields, in templates that were right when
# Word merged them; a reader in Britain has until 6 May.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check docx-mailmerge2==1.0.3 python-docx==1.2.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(docx-mailmerge2|python-docx) '
cat >check.py <<'PY'
import datetime
import docx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from mailmerge import MailMerge
for value, switch in ((95, r'\# "0%"'), (1200, r'\# "#,##0.00"'), (1200, r'\# "#,##0.00;(#,##0.00)"'), (-1200, r'\# "#,##0.00;(#,##0.00)"'), ("St John's AI Ltd", r"\* Caps"), ("Acme AI Ltd", r"\* FirstCap"), (datetime.date(2026, 6, 5), r'\@ "d MMMM yyyy"'), (datetime.date(2026, 6, 5), "")):
    letter = docx.Document()
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), f" MERGEFIELD Value {switch} ".replace("  ", " "))
    field.append(OxmlElement("w:r"))
    letter.add_paragraph()._p.append(field)
    letter.save("template.docx")
    with MailMerge("template.docx") as merged:
        merged.merge(Value=value)
        merged.write("letter.docx")
    print(f"{value} {switch}".strip() + ":", docx.Document("letter.docx").paragraphs[0].text)
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
95 \# "0%": 9500%
1200 \# "#,##0.00": 1,200.00
1200 \# "#,##0.00;(#,##0.00)": 1,200.00;(#,##0.00)
-1200 \# "#,##0.00;(#,##0.00)": -1,200.00;(#,##0.00)
St John's AI Ltd \* Caps: St John'S Ai Ltd
Acme AI Ltd \* FirstCap: Acme ai ltd
2026-06-05 \@ "d MMMM yyyy": 5 June 2026
2026-06-05: 06/05/26
EXPECTED
