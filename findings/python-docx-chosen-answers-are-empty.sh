#!/usr/bin/env bash
# Tools: python-docx 1.2.0, docx2txt 0.9, mammoth 1.13.0 (PyPI), on a Word questionnaire: a table of questions and answers.
# One would guess: cell.text is what stands in the cell: the answer chosen from a drop-down list (a content control), and the answer that
# was put in with "track changes" on, which Word shows.
# What happens: python-docx gives an empty text for both, as if nobody had answered, and no sign of it; docx2txt and mammoth give the answers.
# What comes from a field ("Jo Doe" merged into the form) is missed by python-docx and by mammoth.
# Why it matters to a register: questionnaires go out in Word with lists to choose from, and come back with changes tracked by the
# supplier's lawyer; a program that reads the answers sees the questions alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check python-docx==1.2.0 docx2txt==0.9 mammoth==1.13.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(python-docx|docx2txt|mammoth) '
cat >check.py <<'PY'
import docx, docx2txt, mammoth
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
run = "<w:r><w:t>{}</w:t></w:r>"
rows = [("Where is our data kept?", "<w:sdt {}><w:sdtPr><w:dropDownList/></w:sdtPr><w:sdtContent>" + run.format("United Kingdom") + "</w:sdtContent></w:sdt>"),
    ("Is it used for training?", '<w:ins {} w:id="1" w:author="Jo Doe">' + run.format("Never") + "</w:ins>"),
    ("Who answers?", '<w:fldSimple {} w:instr="MERGEFIELD name">' + run.format("Jo Doe") + "</w:fldSimple>"),
    ("Encrypted?", None)]
form = docx.Document()
table = form.add_table(len(rows), 2)
for (question, answer), row in zip(rows, table.rows):
    row.cells[0].text = question
    if answer:
        row.cells[1].paragraphs[0]._p.append(parse_xml(answer.format(nsdecls("w"))))
    else:
        row.cells[1].text = "Yes"
form.save("form.docx")
print("python-docx:", *[cell.text or "(empty)" for row in docx.Document("form.docx").tables[0].rows for cell in row.cells], sep=" | ")
print("docx2txt:", *docx2txt.process("form.docx").split("\n\n"), sep=" | ")
with open("form.docx", "rb") as file:
    print("mammoth:", *mammoth.extract_raw_text(file).value.split("\n\n"), sep=" | ")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
python-docx: | Where is our data kept? | (empty) | Is it used for training? | (empty) | Who answers? | (empty) | Encrypted? | Yes
docx2txt: | Where is our data kept? | United Kingdom | Is it used for training? | Never | Who answers? | Jo Doe | Encrypted? | Yes
mammoth: | Where is our data kept? | United Kingdom | Is it used for training? | Never | Who answers? |  | Encrypted? | Yes | 
EXPECTED
