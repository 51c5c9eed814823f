#!/usr/bin/env bash
# Tools: @rjsf/core, @rjsf/utils and @rjsf/validator-ajv8 6.11.1 (npm), react-jsonschema-form, shown by jsdom 29.1.1 with React 19.3.1.
# One would guess: a list of rows begins with the rows its schema gives as default. Whoever removes the first has the second left, as it
# was; and a row written anew holds what was written.
# What happens: with every change the rows left are laid over the default ones, place by place, and what a row has not said is filled from the
# default row of that place. With Bright (country GB) and Quay (no country yet), Remove on Bright leaves Quay with the country GB.
# The setting that is to prefer the answers, useFormDataIfPresent, does the same; only the empty list stays empty.
# Why it matters to a register: questionnaires are filled beforehand with what is known, sub-processors with countries for one. Where data is
# kept is then said of a company that never said it, and the form shows it as its own answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @rjsf/core@6.11.1 @rjsf/utils@6.11.1 @rjsf/validator-ajv8@6.11.1 react@19.3.1 react-dom@19.3.1 jsdom@29.1.1 >/dev/null
npm ls --depth 0 | grep @
cat >check.mjs <<'JS'
import { JSDOM } from 'jsdom';
const { window } = new JSDOM('<main></main>', { url: 'https://register.example/', pretendToBeVisual: true });
Object.assign(globalThis, { window, document: window.document, HTMLElement: window.HTMLElement, IS_REACT_ACT_ENVIRONMENT: true });
Object.defineProperty(globalThis, 'navigator', { value: window.navigator, configurable: true });
const { act, createElement } = await import('react');
const { createRoot } = await import('react-dom/client');
const { default: Form } = await import('@rjsf/core');
const { getDefaultFormState } = await import('@rjsf/utils');
const { default: validator } = await import('@rjsf/validator-ajv8');
const row = { type: 'object', properties: { name: { type: 'string' }, country: { type: 'string' } } };
const rows = { type: 'array', items: row, default: [{ name: 'Bright', country: 'GB' }, { name: 'Quay' }] };
const schema = { type: 'object', properties: { rows } };
const show = (words, data) => console.log(words, JSON.stringify(data.rows));
for (const answers of [undefined, 'useFormDataIfPresent']) {
  let data;
  const experimental_defaultFormStateBehavior = answers && { mergeDefaultsIntoFormData: answers };
  const root = createRoot(document.querySelector('main'));
  await act(async () => root.render(createElement(Form, {
    schema, validator, experimental_defaultFormStateBehavior, onChange: (event) => { data = event.formData; } })));
  await act(async () => document.querySelector('.rjsf-array-item-remove').click());
  show('Bright removed' + (answers ? ', ' + answers : '') + ':', data);
  await act(async () => root.unmount());
}
for (const name of ['Holm', undefined]) show('the only row is ' + (name ?? 'still empty') + ':', getDefaultFormState(validator, schema, { rows: [{ name }] }));
show('no row:', getDefaultFormState(validator, schema, { rows: [] }));
JS
node check.mjs | tee output.txt
diff output.txt - <<'EXPECTED' && echo "as found"
Bright removed: [{"name":"Quay","country":"GB"}]
Bright removed, useFormDataIfPresent: [{"name":"Quay","country":"GB"}]
the only row is Holm: [{"name":"Holm","country":"GB"}]
the only row is still empty: [{"country":"GB"}]
no row: []
EXPECTED
