#!/usr/bin/env bash
# Tools: stream-read-xbrl 0.1.5 (PyPI), reads companies' accounts as Companies House gives them away; boto3 1.44.8 and mypy-boto3-s3 1.43.106, which it
# wants; beside it ixbrlparse 0.12.0.
# One would guess: numbers and dates are read by the format that stands beside them (the transformations of iXBRL). A space is one of the signs that
# the format numdotdecimal allows between thousands; date-day-month-year has the day first, as its name says; fixed-true is true.
# What happens: "1 234" is 235, for what stands between spaces is added up, and "12 345 678" is 1035. Of numcommadecimal "1.234,50" is 1.2345.
# 05/06/2026 is 6 May by the newest of the three names that the format has had, 5 June by the others. That a company is dormant is lost
# with every format. ixbrlparse reads them all as the standard has them.
# Why it matters to a register: net assets and whether a supplier trades at all are taken from here into a score; 235 pounds of assets look like
# any small company.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check stream-read-xbrl==0.1.5 boto3==1.44.8 mypy-boto3-s3==1.43.106 ixbrlparse==0.12.0
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(stream-read-xbrl|ixbrlparse) '
cat >check.py <<'PY'
import io
import zipfile
from ixbrlparse import IXBRL
from stream_read_xbrl import stream_read_xbrl_zip
registry = "http://www.xbrl.org/inlineXBRL/transformation/"
head = f"""<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL" xmlns:old="{registry}2010-04-20" xmlns:ixt="{registry}2015-02-26" xmlns:new="{registry}2020-02-12"
xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:core="http://xbrl.frc.org.uk/fr/2024-01-01/core" xmlns:bus="http://xbrl.frc.org.uk/cd/2024-01-01/business" xmlns:iso4217="http://www.xbrl.org/2003/iso4217"><head><title>Accounts</title></head><body>
<div style="display:none"><ix:header><ix:resources><xbrli:context id="end"><xbrli:entity><xbrli:identifier scheme="http://www.companieshouse.gov.uk/">01234567</xbrli:identifier></xbrli:entity><xbrli:period><xbrli:instant>2026-06-05</xbrli:instant></xbrli:period></xbrli:context>
<xbrli:unit id="GBP"><xbrli:measure>iso4217:GBP</xbrli:measure></xbrli:unit></ix:resources></ix:header></div>"""
def accounts(element, form, text):
    kind, more = ("nonFraction", ' unitRef="GBP" decimals="2"') if element.startswith("core") else ("nonNumeric", "")
    return f'{head}<p><ix:{kind} name="{element}" contextRef="end" format="{form}"{more}>{text}</ix:{kind}></p></body></html>'
for column, element, form, text in (
    ("current_assets", "core:CurrentAssets", "ixt:numdotdecimal", "1,234"),
    ("current_assets", "core:CurrentAssets", "ixt:numdotdecimal", "1 234"),
    ("current_assets", "core:CurrentAssets", "ixt:numdotdecimal", "12 345 678"),
    ("current_assets", "core:CurrentAssets", "ixt:numcommadecimal", "1.234,50"),
    ("balance_sheet_date", "bus:BalanceSheetDate", "old:dateslasheu", "05/06/2026"),
    ("balance_sheet_date", "bus:BalanceSheetDate", "ixt:datedaymonthyear", "05/06/2026"),
    ("balance_sheet_date", "bus:BalanceSheetDate", "new:date-day-month-year", "05/06/2026"),
    ("company_dormant", "bus:EntityDormantTruefalse", "ixt:booleantrue", "dormant"),
    ("company_dormant", "bus:EntityDormantTruefalse", "new:fixed-true", "dormant"),
):
    page = accounts(element, form, text)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as files:
        files.writestr("Prod223_4000_01234567_20260605.html", page)
    with stream_read_xbrl_zip([zipped.getvalue()]) as (columns, rows):
        read = dict(zip(columns, next(iter(rows))))[column]
    other = IXBRL(io.StringIO(page))
    print(f"{form.partition(':')[2]} {text!r}: stream-read-xbrl {read}, ixbrlparse {(other.numeric + other.nonnumeric)[0].value}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
numdotdecimal '1,234': stream-read-xbrl 1234, ixbrlparse 1234.0
numdotdecimal '1 234': stream-read-xbrl 235, ixbrlparse 1234.0
numdotdecimal '12 345 678': stream-read-xbrl 1035, ixbrlparse 12345678.0
numcommadecimal '1.234,50': stream-read-xbrl 1.23450, ixbrlparse 1234.5
dateslasheu '05/06/2026': stream-read-xbrl 2026-06-05, ixbrlparse 2026-06-05
datedaymonthyear '05/06/2026': stream-read-xbrl 2026-06-05, ixbrlparse 2026-06-05
date-day-month-year '05/06/2026': stream-read-xbrl 2026-05-06, ixbrlparse 2026-06-05
booleantrue 'dormant': stream-read-xbrl None, ixbrlparse True
fixed-true 'dormant': stream-read-xbrl None, ixbrlparse True
EXPECTED
