#!/usr/bin/env bash
# Tools: pypdf 7.1.1, pdfminer.six 20260107 (PyPI), on a form filled in that reportlab 5.1.0 (PyPI) has made.
# One would guess: extract_text() gives what one sees and prints: questions and answers; and get_form_text_fields() gives the answers
# that are texts.
# What happens: the text has the questions alone, in both libraries: answers are drawn by the fields, not by the page. And
# get_form_text_fields() has only what was typed: the answer chosen from a list ("No") is not there; get_fields() has it.
# Why it matters to a register: filled questionnaires, certificates and contracts are searched by their text; the search finds that the
# supplier was asked and did not say. A summary written from that text says so too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pypdf==7.1.1 pdfminer.six==20260107 reportlab==5.1.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(pypdf|pdfminer.six|reportlab) '
cat >check.py <<'PY'
import pypdf
from pdfminer.high_level import extract_text
from reportlab.pdfgen import canvas
page = canvas.Canvas("form.pdf")
page.drawString(50, 750, "Where is our data kept?")
page.acroForm.textfield(name="where", value="United Kingdom", x=250, y=740, width=200)
page.drawString(50, 700, "Is it used for training?")
page.acroForm.choice(name="training", value="No", options=["Yes", "No"], x=250, y=690, width=100, height=20)
page.save()
form = pypdf.PdfReader("form.pdf")
print("pypdf:", *form.pages[0].extract_text().split("\n"), sep=" | ")
print("pdfminer.six:", *extract_text("form.pdf").split("\n"), sep=" | ")
print("get_form_text_fields:", form.get_form_text_fields())
print("get_fields:", {name: field.value for name, field in form.get_fields().items()})
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
pypdf: | Where is our data kept? | Is it used for training? | 
pdfminer.six: | Where is our data kept? |  | Is it used for training? |  | 
get_form_text_fields: {'where': 'United Kingdom'}
get_fields: {'where': 'United Kingdom', 'training': 'No'}
EXPECTED
