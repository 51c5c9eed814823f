// The main job, driven by openapi-fetch over the types that openapi-typescript generates from `openapi/openapi.json`
// into `api.ts` beside this file.
//
// Called with the address, which ends in `/api/v1`, and with `DILIGENCE_VIEWER_KEY`, `DILIGENCE_EDITOR_KEY` and
// `DILIGENCE_APPROVER_KEY` set. Says what it saw; stops at the first thing that is not as promised.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const address = process.argv[2];
assert(address, "give the address of the API");

function as(role: string) {
  const key = process.env[`DILIGENCE_${role}_KEY`];
  assert(key, `DILIGENCE_${role}_KEY is not set`);
  return createClient<paths>({ baseUrl: address!, headers: { Authorization: `Bearer ${key}` } });
}
const [viewer, editor, approver] = [as("VIEWER"), as("EDITOR"), as("APPROVER")];

interface Answered<Body> {
  data?: Body;
  error?: unknown;
  response: Response;
}

/** What was answered, which is what the document promises for `status`. */
function the<Body>({ data, error, response }: Answered<Body>, status: number): NonNullable<Body> {
  assert.equal(response.status, status, `${response.url}: ${JSON.stringify(error)?.slice(0, 1000)}`);
  assert(data !== undefined && data !== null, `${response.url}: ${status} without a body`);
  return data;
}

/** Why it was refused. */
function refused(answered: Answered<unknown> & { error?: Schemas["Problem"] }, status: number): Schemas["Problem"] {
  assert.equal(answered.response.status, status);
  assert(answered.error, `${answered.response.url}: ${status} without a problem`);
  assert.match(answered.response.headers.get("Content-Type") ?? "", /^application\/problem\+json/);
  return answered.error;
}

function etag({ response }: { response: Response }): string {
  const tag = response.headers.get("ETag");
  assert(tag, `${response.url}: no ETag`);
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

const mark = randomUUID().slice(0, 6).toUpperCase(); // so that it can run twice on one register

// A supplier, with its ODS code; made once however often it is sent.
const idempotent = { "Idempotency-Key": randomUUID() };
const body = { name: `TypeScript Care Systems ${mark}`, identifiers: [{ scheme: "GB-NHS" as const, id: `t${mark}`.toLowerCase() }], system_access: "standing" as const };
const made = await editor.POST("/suppliers", { body, params: { header: idempotent } });
const supplier = the(made, 201);
const again = await editor.POST("/suppliers", { body, params: { header: idempotent } });
assert.equal(the(again, 201).id, supplier.id, "the same Idempotency-Key");
assert.equal(supplier.identifiers[0]?.id, `T${mark}`, "the ODS code, in capitals");
assert.equal(supplier.rating, "unassessed");

// Changed on the right version only; every fault at once; a viewer may not.
const path = { id: supplier.id };
const changed = await editor.PATCH("/suppliers/{id}", { params: { path, header: { "If-Match": etag(made) } }, body: { country: "GB", notes: "Met in May" } });
assert.equal(the(changed, 200).country, "GB");
refused(await editor.PATCH("/suppliers/{id}", { params: { path, header: { "If-Match": etag(made) } }, body: { notes: "Too late" } }), 412);
const cleared = await editor.PATCH("/suppliers/{id}", { params: { path, header: { "If-Match": etag(changed) } }, body: { notes: null } });
assert.deepEqual([the(cleared, 200).notes, the(cleared, 200).country], [null, "GB"], "null clears, absent leaves");
const invalid = refused(await editor.POST("/suppliers", { body: { name: "", country: "Britain" } }), 422);
assert.deepEqual(invalid.errors.map((fault) => fault.pointer).sort(), ["/country", "/name"]);
refused(await viewer.POST("/suppliers", { body: { name: "Not mine to enter" } }), 403);

// A product.
const entered = await editor.POST("/products", { body: { supplier_id: supplier.id, name: "Care notes", kind: "software" } });
const product = the(entered, 201);
assert.equal(product.ai_features, "unknown");

// The questionnaire, as a document.
const listed = the(await viewer.GET("/questionnaires"), 200).items;
const latest = listed.find((entry) => entry.key === "supplier-security")?.latest_edition;
assert(latest, "there is no questionnaire supplier-security");
const edition = the(await viewer.GET("/questionnaires/{key}/editions/{edition}", { params: { path: { key: "supplier-security", edition: latest } } }), 200);
const questions = new Map(edition.sections.flatMap((section) => section.questions).map((question) => [question.key, question]));

// The assessment: answered as questions become visible, submitted, its texts rated, approved.
const started = await editor.POST("/assessments", { body: { questionnaire: "supplier-security", subject_id: supplier.id } });
const assessment = { id: the(started, 201).id };
let version = etag(started);
let progress = the(await editor.GET("/assessments/{id}/answers", { params: { path: assessment } }), 200);
for (let round = 0; ; round++) {
  assert(round < 20, "there is no end of questions");
  const todo = progress.visible.filter((key) => !(key in progress.answers));
  if (todo.length === 0) break;
  const change: Schemas["AnswerChange"] = {};
  for (const key of todo) change[key] = { value: best(questions.get(key)!), comment: "As the policy says" };
  const answered = await editor.PATCH("/assessments/{id}/answers", { params: { path: assessment, header: { "If-Match": version } }, body: change });
  progress = the(answered, 200);
  version = etag(answered);
}
assert.deepEqual(progress.unanswered_required, []);
assert.equal(progress.coverage, 100);
const submitted = await editor.POST("/assessments/{id}/submit", { params: { path: assessment, header: { "If-Match": version } } });
assert.equal(the(submitted, 200).state, "submitted");
version = etag(submitted);
if (progress.awaiting_review.length > 0) {
  const points = Object.fromEntries(progress.awaiting_review.map((key) => [key, { points: 80, reason: "Good, and could be tested more often" }]));
  const rated = await approver.PATCH("/assessments/{id}/review", { params: { path: assessment, header: { "If-Match": version } }, body: points });
  assert.deepEqual(the(rated, 200).awaiting_review, []);
  version = etag(rated);
}
const conditions = [{ text: "Send the certificate", owner: "A. Person", due_on: inDays(60) }];
const approved = await approver.POST("/assessments/{id}/approve", { params: { path: assessment, header: { "If-Match": version } }, body: { conditions } });
assert.equal(the(approved, 200).state, "approved");

// The result: contributions sum exactly, nothing is evidenced more than it is claimed.
const result = the(await viewer.GET("/assessments/{id}/result", { params: { path: assessment } }), 200);
const outcome = result.outcome;
for (const which of ["claimed", "evidenced"] as const) {
  const sum = outcome.contributions.reduce((total, part) => total + tenths(part[which]), 0);
  assert.equal(sum, tenths(outcome[which]), `the sum of what every question contributes to ${which}`);
}
assert(outcome.claimed !== null && outcome.evidenced !== null && outcome.claimed >= 90 && outcome.evidenced <= outcome.claimed);

// A risk, and the register, which tells all of it in one line; as CSV too.
const risk = the(await editor.POST("/risks", { body: { subject_id: supplier.id, title: "One person knows how", likelihood: 3, impact: 5 } }), 201);
assert.equal(risk.band, "extreme");
const query = { supplier_id: supplier.id };
const lines = the(await viewer.GET("/register", { params: { query } }), 200).items;
const line = lines.find((entry) => entry.subject_id === supplier.id);
assert(line && lines.length === 2, "the lines of the register");
assert.deepEqual([line.security.claimed, line.security.evidenced], [outcome.claimed, outcome.evidenced]);
assert.deepEqual([line.decision, line.open_condition_count, line.rating], ["approved_with_conditions", 1, "unassessed"]);
const csv = the(await viewer.GET("/register.csv", { params: { query }, parseAs: "text" }), 200);
assert.equal(csv.split("\r\n").filter((row) => row.includes(supplier.id) && row.includes(body.name)).length, 2, "the rows of register.csv");
the(await editor.POST("/products/{id}/archive", { params: { path: { id: product.id }, header: { "If-Match": etag(entered) } } }), 200);
const alone = the(await viewer.GET("/register", { params: { query: { ...query, subject_type: "supplier" } } }), 200).items;
assert.deepEqual(alone.map((entry) => entry.rating), [result.rating], "its rating once the product is archived");
assert(the(await viewer.GET("/register/summary"), 200).supplier_count >= 1);

// What is due, and why.
const reviews = the(await viewer.GET("/reviews", { params: { query: { ...query, due_before: inDays(3700) } } }), 200).items;
assert(reviews.length > 0 && reviews.every((review) => review.reason_detail), "no review is due for it");

// Import: first a dry run, then in earnest, then once more, which changes nothing.
const table = `name,identifiers\r\n"Imported, ${mark}",GB-NHS:U${mark}\r\n`;
const imported = async (dry_run: boolean) =>
  the(
    await editor.POST("/suppliers/import", {
      params: { query: { dry_run } },
      headers: { "Content-Type": "text/csv" },
      body: table,
      bodySerializer: (text) => text,
    }),
    200,
  );
const tried = await imported(true);
assert.deepEqual([tried.applied, tried.created_count], [false, 1], "the dry run");
const done = await imported(false);
assert.deepEqual([done.applied, done.created_count], [true, 1], "the import");
assert.equal((await imported(false)).unchanged_count, 1, "the same file again");

console.log(`the TypeScript client did the main job: ${questions.size} questions, claimed ${outcome.claimed}, evidenced ${outcome.evidenced}, rating ${result.rating}`);
