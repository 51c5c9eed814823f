#!/usr/bin/env bash
# Tool: price-parser 0.5.1 (PyPI), Price.fromstring(text), which finds amount and currency in text.
# One would guess: "£0.002 per 1,000 tokens" is 0.002 pounds and "£0.125 per message" 0.125: no thousands are written after a zero. Of
# "12 months at £30" the amount is the one beside the pound sign. An amount with a unit after it ("£1.2m") is read whole or refused.
# What happens: three digits after the only point are taken for thousands, also after a zero: 2 and 125 pounds, while four digits
# (£0.0025) are read right, so the cheaper product comes out eight hundred times as dear. "12 months at £30" costs £12, "£1.2m" costs £1.2, and of
# "£1,234.567", with both signs, the point is dropped. Nothing is reported.
# Why it matters to a register: AI products are priced by message, minute and token; what a year costs is then wrong a thousandfold.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check price-parser==0.5.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(price-parser) '
cat >check.py <<'PY'
from price_parser import Price
for text in ["£0.002 per 1,000 tokens", "£0.0025 per 1,000 tokens", "£0.125 per message", "£0.12 per message", "£1,234.567", "12 months at £30", "£1.2m", "£1,200 a year"]:
    price = Price.fromstring(text)
    print(f"{text}: {price.currency}{price.amount}")
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
£0.002 per 1,000 tokens: £2
£0.0025 per 1,000 tokens: £0.0025
£0.125 per message: £125
£0.12 per message: £0.12
£1,234.567: £1234567
12 months at £30: £12
£1.2m: £1.2
£1,200 a year: £1200
EXPECTED
