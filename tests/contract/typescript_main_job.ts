// The main job, done by the client of each generator of TypeScript in turn: what it asks of a client is in `clients/client.ts`, and how
// each generator's client does it beside that.
//
// Called with the address, which ends in `/api/v1`, and with `DILIGENCE_VIEWER_KEY`, `DILIGENCE_EDITOR_KEY` and
// `DILIGENCE_APPROVER_KEY` set. Says what it saw; stops at the first thing that is not as promised.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Answered, Make, Schemas } from "./clients/client.js";
import { make as heyApi } from "./clients/hey_api.js";
import { make as oazapfts } from "./clients/oazapfts.js";
import { make as openapiFetch } from "./clients/openapi_fetch.js";
import { make as orval } from "./clients/orval.js";

const address = process.argv[2];
assert(address, "give the address of the API");

function key(role: string): string {
  const key = process.env[`DILIGENCE_${role}_KEY`];
  assert(key, `DILIGENCE_${role}_KEY is not set`);
  return key;
}

/** What was answered, which is what the document promises for `status`. */
function the<Body>({ status, good, refused }: Answered<Body>, expected: number): NonNullable<Body> {
  assert.equal(status, expected, JSON.stringify(refused)?.slice(0, 1000));
  assert(good !== undefined && good !== null, `${expected} without a body`);
  return good;
}

/** Why it was refused. */
function refused({ status, headers, refused }: Answered<unknown>, expected: number): Schemas["Problem"] {
  assert.equal(status, expected);
  assert(refused, `${expected} without a problem`);
  assert.match(headers.get("Content-Type") ?? "", /^application\/problem\+json/);
  return refused as Schemas["Problem"];
}

function etag({ headers }: Answered<unknown>): string {
  const tag = headers.get("ETag");
  assert(tag, "no ETag");
  return tag;
}

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

function tenths(score: number | null): number {
  return Math.round(10 * (score ?? 0));
}

/** Points as a number: fractions are texts, such as `33 1/3`. */
function worth(points: Schemas["Points"] | undefined): number {
  if (typeof points !== "string") return points ?? 0;
  const parts = /^(-?)(?:(\d+) )?(\d+)\/(\d+)$/.exec(points);
  if (!parts) throw new Error(`these are no points: ${points}`);
  const size = Number(parts[2] ?? 0) + Number(parts[3]) / Number(parts[4]);
  return parts[1] ? -size : size;
}

/** The answer to a question that is worth most. */
function best(question: Schemas["Question"]): unknown {
  switch (question.type) {
    case "yes_no":
    case "single_choice":
      return [...(question.options ?? [])].sort((one, other) => worth(other.points) - worth(one.points))[0]?.value;
    case "multiple_choice":
      return (question.options ?? []).filter((option) => worth(option.points) > 0 && !option.exclusive).map((option) => option.value);
    case "number":
      return [...(question.bands ?? [])].sort((one, other) => worth(other.points) - worth(one.points))[0]?.at_least ?? 0;
    case "date":
      return inDays(-30);
    default:
      return "It is written down, tested twice a year, and the last test is on file.";
  }
}

/** The whole job, by the client of one generator. */
async function mainJob(generator: string, make: Make): Promise<void> {
  const [viewer, editor, approver] = [make(address!, key("VIEWER")), make(address!, key("EDITOR")), make(address!, key("APPROVER"))];
  const mark = randomUUID().slice(0, 6).toUpperCase(); // so that it can run twice on one register

  // A supplier, with its ODS code; made once however often it is sent.
  const idempotent = randomUUID();
  const body: Schemas["NewSupplier"] = {
    name: `TypeScript Care Systems ${mark}`,
    identifiers: [{ scheme: "GB-NHS", id: `t${mark}`.toLowerCase() }],
    system_access: "standing",
  };
  const made = await editor.createSupplier(body, idempotent);
  const supplier = the(made, 201);
  const again = await editor.createSupplier(body, idempotent);
  assert.equal(the(again, 201).id, supplier.id, "the same Idempotency-Key");
  assert.equal(supplier.identifiers[0]?.id, `T${mark}`, "the ODS code, in capitals");
  assert.equal(supplier.rating, "unassessed");

  // Changed on the right version only; every fault at once; a viewer may not.
  const changed = await editor.changeSupplier(supplier.id, etag(made), { country: "GB", notes: "Met in May" });
  assert.equal(the(changed, 200).country, "GB");
  refused(await editor.changeSupplier(supplier.id, etag(made), { notes: "Too late" }), 412);
  const cleared = await editor.changeSupplier(supplier.id, etag(changed), { notes: null });
  assert.deepEqual([the(cleared, 200).notes, the(cleared, 200).country], [null, "GB"], "null clears, absent leaves");
  const invalid = refused(await editor.createSupplier({ name: "", country: "Britain" }), 422);
  assert.deepEqual(invalid.errors.map((fault) => fault.pointer).sort(), ["/country", "/name"]);
  refused(await viewer.createSupplier({ name: "Not mine to enter" }), 403);

  // A product.
  const entered = await editor.createProduct({ supplier_id: supplier.id, name: "Care notes", kind: "software" });
  const product = the(entered, 201);
  assert.equal(product.ai_features, "unknown");

  // The questionnaire, as a document.
  const listed = the(await viewer.listQuestionnaires(), 200).items;
  const latest = listed.find((entry) => entry.key === "supplier-security")?.latest_edition;
  assert(latest, "there is no questionnaire supplier-security");
  const edition = the(await viewer.readEdition("supplier-security", latest), 200);
  const questions = new Map(edition.sections.flatMap((section) => section.questions).map((question) => [question.key, question]));

  // The assessment: answered as questions become visible, submitted, its texts rated, approved.
  const started = await editor.startAssessment({ questionnaire: "supplier-security", subject_id: supplier.id });
  const assessment = the(started, 201).id;
  let version = etag(started);
  let progress = the(await editor.readAnswers(assessment), 200);
  for (let round = 0; ; round++) {
    assert(round < 20, "there is no end of questions");
    const todo = progress.visible.filter((key) => !(key in progress.answers));
    if (todo.length === 0) break;
    const change: Schemas["AnswerChange"] = {};
    for (const key of todo) change[key] = { value: best(questions.get(key)!), comment: "As the policy says" };
    const answered = await editor.answerAssessment(assessment, version, change);
    progress = the(answered, 200);
    version = etag(answered);
  }
  assert.deepEqual(progress.unanswered_required, []);
  assert.equal(progress.coverage, 100);
  const submitted = await editor.submitAssessment(assessment, version);
  assert.equal(the(submitted, 200).state, "submitted");
  version = etag(submitted);
  if (progress.awaiting_review.length > 0) {
    const points = Object.fromEntries(progress.awaiting_review.map((key) => [key, { points: 80, reason: "Good, and could be tested more often" }]));
    const rated = await approver.rateAssessment(assessment, version, points);
    assert.deepEqual(the(rated, 200).awaiting_review, []);
    version = etag(rated);
  }
  const conditions = [{ text: "Send the certificate", owner: "A. Person", due_on: inDays(60) }];
  const approved = await approver.approveAssessment(assessment, version, { conditions });
  assert.equal(the(approved, 200).state, "approved");

  // The result: contributions sum exactly, nothing is evidenced more than it is claimed.
  const result = the(await viewer.readResult(assessment), 200);
  const outcome = result.outcome;
  for (const which of ["claimed", "evidenced"] as const) {
    const sum = outcome.contributions.reduce((total, part) => total + tenths(part[which]), 0);
    assert.equal(sum, tenths(outcome[which]), `the sum of what every question contributes to ${which}`);
  }
  assert(outcome.claimed !== null && outcome.evidenced !== null && outcome.claimed >= 90 && outcome.evidenced <= outcome.claimed);

  // A risk, and the register, which tells all of it in one line; as CSV too.
  const risk = the(await editor.createRisk({ subject_id: supplier.id, title: "One person knows how", likelihood: 3, impact: 5 }), 201);
  assert.equal(risk.band, "extreme");
  const query = { supplier_id: supplier.id };
  const lines = the(await viewer.listRegister(query), 200).items;
  const line = lines.find((entry) => entry.subject_id === supplier.id);
  assert(line && lines.length === 2, "the lines of the register");
  assert.deepEqual([line.security.claimed, line.security.evidenced], [outcome.claimed, outcome.evidenced]);
  assert.deepEqual([line.decision, line.open_condition_count, line.rating], ["approved_with_conditions", 1, "unassessed"]);
  const csv = the(await viewer.exportRegister(query), 200);
  assert.equal(csv.split("\r\n").filter((row) => row.includes(supplier.id) && row.includes(body.name)).length, 2, "the rows of register.csv");
  the(await editor.archiveProduct(product.id, etag(entered)), 200);
  const alone = the(await viewer.listRegister({ ...query, subject_type: "supplier" }), 200).items;
  assert.deepEqual(alone.map((entry) => entry.rating), [result.rating], "its rating once the product is archived");
  assert(the(await viewer.readSummary(), 200).supplier_count >= 1);

  // What is due, and why.
  const reviews = the(await viewer.listReviews({ ...query, due_before: inDays(3700) }), 200).items;
  assert(reviews.length > 0 && reviews.every((review) => review.reason_detail), "no review is due for it");

  // Import: first a dry run, then in earnest, then once more, which changes nothing.
  const rows = { rows: [{ name: `Imported, ${mark}`, identifiers: [{ scheme: "GB-NHS" as const, id: `U${mark}` }] }] };
  const tried = the(await editor.importSuppliers(rows, { dry_run: true }), 200);
  assert.deepEqual([tried.applied, tried.created_count], [false, 1], "the dry run");
  const done = the(await editor.importSuppliers(rows, { dry_run: false }), 200);
  assert.deepEqual([done.applied, done.created_count], [true, 1], "the import");
  assert.equal(the(await editor.importSuppliers(rows, {}), 200).unchanged_count, 1, "the same rows again");

  // A file: kept as a draft, looked at, applied.
  const file = new Blob([`name,identifiers\r\n"Imported, ${mark}",GB-NHS:U${mark}\r\n"From a file, ${mark}",\r\n`]);
  const draft = await editor.createImport(file, { noun: "suppliers", file_name: "list.csv" });
  const report = the(await editor.readImportReport(the(draft, 201).id), 200);
  assert.deepEqual([report.applied, report.created_count, report.unchanged_count], [false, 1, 1], "what the file would do");
  const applied = the(await editor.applyImport(the(draft, 201).id, etag(draft)), 200);
  assert.deepEqual([applied.applied, applied.created_count], [true, 1], "the file");

  console.log(`${generator} did the main job: ${questions.size} questions, claimed ${outcome.claimed}, evidenced ${outcome.evidenced}, rating ${result.rating}`);
}

const clients = { "openapi-fetch": openapiFetch, "@hey-api/openapi-ts": heyApi, oazapfts, orval };
for (const [generator, make] of Object.entries(clients)) await mainJob(generator, make);
