// Checks receipts from openapi/receipt.md alone: node check_receipt.mjs FILE... says of each where it differs.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

// JSON.stringify writes texts and numbers as RFC 8785 asks, and sort() compares UTF-16 code units.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(",")}}`;
}

const digest = (value) => createHash("sha256").update(canonical(value)).digest("hex");

// JSON.parse lets the last of two equal keys win in silence, so they are looked for in the text.
function expectOnce(text) {
  const open = [];
  let last;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      if (open.at(-1).has(last)) throw new Error(`the key ${last} stands twice`);
      open.at(-1).add(last);
    } else last = JSON.parse(token);
  }
}

function check(text) {
  const { receipt, edition, answers, review, basis } = JSON.parse(text);
  expectOnce(text);
  const table = (entries) => Object.assign(Object.create(null), Object.fromEntries(entries));
  const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);
  const ids = new Set(basis.evidence.map((piece) => piece.id));
  const order = (one, other) => Buffer.compare(Buffer.from(canonical(one)), Buffer.from(canonical(other)));
  const evidence = table([...ids].map((id) => [id, basis.evidence.filter((piece) => piece.id === id).sort(order)]));
  const keys = [...new Set([...Object.keys(answers), ...Object.keys(review)])];
  const { hash: _, ...content } = receipt;
  const expected = {
    edition_hash: digest(edition),
    answers_hash: digest({ answers, review, evidence, subject: basis.subject }),
    subject_hash: digest(basis.subject),
    answer_hashes: table(keys.map((key) => [key, digest([own(answers, key) ?? null, own(review, key) ?? null])])),
    evidence_hashes: table(Object.keys(evidence).map((id) => [id, digest(evidence[id])])),
    hash: digest(content),
    version: 2,
    questionnaire: edition.key,
    edition: edition.edition,
  };
  return Object.entries(expected).flatMap(([name, value]) => {
    const found = receipt[name];
    if (typeof value !== "object" || typeof found !== "object") return value === found ? [] : [`/${name}`];
    const all = [...new Set([...Object.keys(value), ...Object.keys(found)])];
    const differing = all.filter((key) => own(value, key) !== own(found, key));
    return differing.map((key) => `/${name}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  });
}

for (const path of process.argv.slice(2)) {
  let said;
  try {
    said = check(readFileSync(path, "utf8")).sort().join(" ") || "holds";
  } catch (error) {
    said = `refused: ${error.message}`;
  }
  if (said !== "holds") process.exitCode = 1;
  console.log(`${path}: ${said}`);
}
