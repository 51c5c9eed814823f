#!/usr/bin/env bash
# Tools: pyxform 4.5.0 (PyPI), which makes ODK forms out of questionnaires in spreadsheets; lxml 6.1.1 (PyPI) works out what they then say.
# One would guess: the default of a text question is text. What is to be calculated is written ${other} or today(); "Holm-Quay Ltd" and "12-18
# months" stay as they are, as they do.
# What happens: a hyphen with spaces round it, a plus or a star makes the default an expression, whatever the question's type, and there is
# no warning. Opening hours of "9 - 5" are 4, "Quay - North" is not a number, "AI | ML" is empty. A telephone number that begins with
# +44, "Unit 4 - 6" and "A*" are no expressions at all; what is opened with such a form has an error in it. A date is spared.
# Why it matters to a register: forms for suppliers are filled in beforehand with what is on record; the supplier finds NaN in place of its
# name and confirms it, or the form does not open.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check pyxform==4.5.0 lxml==6.1.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(pyxform|lxml) '
cat >check.py <<'PY'
import openpyxl
from lxml import etree
from pyxform.xls2xform import convert
defaults = ["Holm-Quay Ltd", "12-18 months", "24/7", "Bright Care (North)", "9 - 5", "Quay - North", "AI | ML", "Unit 4 - 6", "+44 1632 960001", "A*"]
book = openpyxl.Workbook()
book.active.title = "survey"
for row in [["type", "name", "label", "default"], *(["text", f"q{n}", "Known so far", default] for n, default in enumerate(defaults))]:
    book.active.append(row)
book.create_sheet("choices").append(["list_name", "name", "label"])
book.save("form.xlsx")
made = convert("form.xlsx")
form = etree.fromstring(made.xform.encode())
for n, default in enumerate(defaults):
    [calculated] = form.xpath(f"//*[local-name() = 'setvalue'][@ref = '/data/q{n}']/@value") or [None]
    if calculated is None:
        print(f"{default}: text,", form.xpath(f"string(//*[local-name() = 'q{n}'])"))
        continue
    try:
        print(f"{default}: expression,", form.xpath(calculated))
    except etree.XPathError as error:
        print(f"{default}: expression, {error}")
print("warnings:", made.warnings)
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Holm-Quay Ltd: text, Holm-Quay Ltd
12-18 months: text, 12-18 months
24/7: text, 24/7
Bright Care (North): text, Bright Care (North)
9 - 5: expression, 4.0
Quay - North: expression, nan
AI | ML: expression, []
Unit 4 - 6: expression, Invalid expression
+44 1632 960001: expression, Invalid expression
A*: expression, Invalid expression
warnings: []
EXPECTED
