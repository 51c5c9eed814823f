#!/usr/bin/env bash
# Tools: humanfriendly 10.0, durations-nlp 1.0.1, pytimeparse2 1.7.1 (PyPI), which turn periods in words into seconds and back.
# One would guess: a period in years is taken as years of 365 days or so, 12 months are as long as a year, and words without a number, such
# as "quarterly", are refused, as other words that are not known are.
# What happens: a year of humanfriendly has 364 days (52 weeks), one of durations-nlp 366. Seven years, which have 2556 days or 2557, have 2548 or
# 2562, and 365 days are "1 year and 1 day". pytimeparse2 makes 360 days of 12 months, five fewer than of a year. durations-nlp takes
# "quarterly", "annual" and "year" for no time at all, without an error, though it refuses "every 3 months".
# Why it matters to a register: retention and notice are written so. Records are destroyed before their seven years are over, and a review
# that is due quarterly is due at once, or never.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check humanfriendly==10.0 durations-nlp==1.0.1 pytimeparse2==1.7.1
python/bin/pip list --disable-pip-version-check 2>/dev/null | grep -E '^(humanfriendly|durations-nlp|pytimeparse2) '
cat >check.py <<'PY'
import durations_nlp
import humanfriendly
import pytimeparse2


def days(read, text):
    try:
        seconds = read(text)
    except Exception as error:
        return type(error).__name__
    return seconds if seconds is None else f"{seconds / 86400:g}"


for text in ["7 years", "1 year", "12 months", "90 days", "year", "quarterly", "annual", "every 3 months"]:
    print(f"{text}: humanfriendly", days(humanfriendly.parse_timespan, text), end=", durations-nlp ")
    print(days(lambda words: durations_nlp.Duration(words).to_seconds(), text), end=", pytimeparse2 ")
    print(days(pytimeparse2.parse, text))
print("365 days:", humanfriendly.format_timespan(365 * 86400))
PY
python/bin/python check.py | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
7 years: humanfriendly 2548, durations-nlp 2562, pytimeparse2 2555
1 year: humanfriendly 364, durations-nlp 366, pytimeparse2 365
12 months: humanfriendly InvalidTimespan, durations-nlp 366, pytimeparse2 360
90 days: humanfriendly 90, durations-nlp 90, pytimeparse2 90
year: humanfriendly InvalidTimespan, durations-nlp 0, pytimeparse2 None
quarterly: humanfriendly InvalidTimespan, durations-nlp 0, pytimeparse2 None
annual: humanfriendly InvalidTimespan, durations-nlp 0, pytimeparse2 None
every 3 months: humanfriendly InvalidTimespan, durations-nlp InvalidTokenError, pytimeparse2 None
365 days: 1 year and 1 day
EXPECTED
