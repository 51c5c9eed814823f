#!/usr/bin/env bash
# Tool: hucre 1.0.0 (npm), validateWithSchema() with type "date" and parseDate(), on the cells of a list.
# One would guess: a day that does not exist is an error, whichever way it is written, as 31/06/2026 is; and 25/06/2026 and 05/06/2026 are read in one
# order, or both refused, as nobody said which.
# What happens: 2026-06-31 and 31.06.2026 are 1 July, 30 February is 2 March, the 13th month is January, each without an error. Between slashes the month comes
# first: 05/06/2026 is 6 May, 25/06/2026 is refused; between dots the day does. There is no option to say which.
# Why it matters to a register: the dates of a list from Britain come in with the first twelve days of each month exchanged and the others refused, so that
# whoever puts the refused ones right believes the rest; and a mistyped expiry is another day instead of a question.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund hucre@1.0.0 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { parseDate, validateWithSchema } from 'hucre';
const texts = ['2026-06-05', '2026-06-31', '2026-02-30', '2026-13-05', '2026-06-05T25:00', '31/06/2026', '31.06.2026', '30.02.2026', '05/06/2026', '25/06/2026', '06/31/2026', '05.06.2026', '25.06.2026'];
for (const text of texts) {
  const { data, errors } = validateWithSchema([['due'], [text]], { due: { column: 'due', type: 'date' } });
  console.log(`${text}: parseDate ${parseDate(text)?.toISOString() ?? 'none'}; in a list ${errors.length ? 'refused' : data[0].due.toISOString()}`);
}
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
2026-06-05: parseDate 2026-06-05T00:00:00.000Z; in a list 2026-06-05T00:00:00.000Z
2026-06-31: parseDate 2026-07-01T00:00:00.000Z; in a list 2026-07-01T00:00:00.000Z
2026-02-30: parseDate 2026-03-02T00:00:00.000Z; in a list 2026-03-02T00:00:00.000Z
2026-13-05: parseDate 2027-01-05T00:00:00.000Z; in a list 2027-01-05T00:00:00.000Z
2026-06-05T25:00: parseDate 2026-06-06T01:00:00.000Z; in a list 2026-06-06T01:00:00.000Z
31/06/2026: parseDate none; in a list refused
31.06.2026: parseDate 2026-07-01T00:00:00.000Z; in a list 2026-07-01T00:00:00.000Z
30.02.2026: parseDate 2026-03-02T00:00:00.000Z; in a list 2026-03-02T00:00:00.000Z
05/06/2026: parseDate 2026-05-06T00:00:00.000Z; in a list 2026-05-06T00:00:00.000Z
25/06/2026: parseDate none; in a list refused
06/31/2026: parseDate 2026-07-01T00:00:00.000Z; in a list 2026-07-01T00:00:00.000Z
05.06.2026: parseDate 2026-06-05T00:00:00.000Z; in a list 2026-06-05T00:00:00.000Z
25.06.2026: parseDate 2026-06-25T00:00:00.000Z; in a list 2026-06-25T00:00:00.000Z
EXPECTED
