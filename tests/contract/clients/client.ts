// What the main job asks of a client, whoever generated it: the operations it calls, with the types that openapi-typescript makes
// of the document. Each client's adapter is compiled against this, so that all generators read the same document alike.

import type { components, operations } from "../openapi-typescript/api.js";

export type Schemas = components["schemas"];
type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;

/** What was answered: the body of a good answer, or that of a refusal. */
export interface Answered<Body> {
  status: number;
  headers: Headers;
  good?: Body;
  refused?: unknown;
}

/** A client with somebody's key. `match` is the ETag of the version that is changed. */
export interface Client {
  createSupplier(body: Schemas["NewSupplier"], key?: string): Promise<Answered<Schemas["CreatedSupplier"]>>;
  changeSupplier(id: string, match: string, body: Schemas["SupplierChange"]): Promise<Answered<Schemas["Supplier"]>>;
  createProduct(body: Schemas["NewProduct"]): Promise<Answered<Schemas["CreatedProduct"]>>;
  archiveProduct(id: string, match: string): Promise<Answered<Schemas["Product"]>>;
  listQuestionnaires(): Promise<Answered<Schemas["QuestionnairePage"]>>;
  readEdition(key: string, edition: string): Promise<Answered<Schemas["Edition"]>>;
  startAssessment(body: Schemas["NewAssessment"]): Promise<Answered<Schemas["Assessment"]>>;
  readAnswers(id: string): Promise<Answered<Schemas["Progress"]>>;
  answerAssessment(id: string, match: string, body: Schemas["AnswerChange"]): Promise<Answered<Schemas["Progress"]>>;
  submitAssessment(id: string, match: string): Promise<Answered<Schemas["Assessment"]>>;
  rateAssessment(id: string, match: string, body: Schemas["PointsChange"]): Promise<Answered<Schemas["Progress"]>>;
  approveAssessment(id: string, match: string, body: Schemas["NewDecision"]): Promise<Answered<Schemas["Assessment"]>>;
  readResult(id: string): Promise<Answered<Schemas["AssessmentResult"]>>;
  createRisk(body: Schemas["NewRisk"]): Promise<Answered<Schemas["Risk"]>>;
  listRegister(query: Query<"list_register">): Promise<Answered<Schemas["RegisterEntryPage"]>>;
  exportRegister(query: Query<"export_register">): Promise<Answered<string>>;
  readSummary(): Promise<Answered<Schemas["Summary"]>>;
  listReviews(query: Query<"list_reviews">): Promise<Answered<Schemas["ReviewPage"]>>;
  importSuppliers(body: Schemas["SupplierImport"], query: Query<"import_suppliers">): Promise<Answered<Schemas["ImportReport"]>>;
  createImport(file: Blob, query: Query<"create_import">): Promise<Answered<Schemas["Import"]>>;
  readImportReport(id: string): Promise<Answered<Schemas["ImportReport"]>>;
  applyImport(id: string, match: string): Promise<Answered<Schemas["ImportReport"]>>;
}

/** Makes a client of the API at `address`, which ends in `/api/v1`, with this key. */
export type Make = (address: string, key: string) => Client;

/** An answer of a client that tells what is good and what is refused apart by two fields. */
export async function apart<Body>(asked: Promise<{ data?: Body; error?: unknown; response?: Response | undefined }>): Promise<Answered<Body>> {
  const { data, error, response } = await asked;
  if (!response) throw new Error(`nothing was answered: ${String(error)}`);
  return { status: response.status, headers: response.headers, ...(data === undefined ? { refused: error } : { good: data }) };
}

/** The body of the good answers among those that an operation may have. */
type Good<Answer> = Answer extends { status: 200 | 201; data: infer Body } ? Body : never;

/** An answer of a client that tells them apart by the status. */
export async function byStatus<Answer extends { status: number; data?: unknown; headers: Headers }>(asked: Promise<Answer>): Promise<Answered<Good<Answer>>> {
  const { status, data, headers } = await asked;
  return { status, headers, ...(status < 300 ? { good: data as Good<Answer> } : { refused: data }) };
}
