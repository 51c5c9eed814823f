// @hey-api/openapi-ts, with its own client over fetch.

import * as api from "../hey-api/index.js";
import { createClient, createConfig } from "../hey-api/client/index.js";
import { apart, type Make } from "./client.js";

export const make: Make = (address, key) => {
  const client = createClient(createConfig({ baseUrl: address, auth: key }));
  const at = (id: string) => ({ client, path: { id } });
  const on = (id: string, match: string) => ({ client, path: { id }, headers: { "If-Match": match } });
  return {
    createSupplier: (body, key) => apart(api.createSupplier({ client, body, ...(key ? { headers: { "Idempotency-Key": key } } : {}) })),
    changeSupplier: (id, match, body) => apart(api.changeSupplier({ ...on(id, match), body })),
    createProduct: (body) => apart(api.createProduct({ client, body })),
    archiveProduct: (id, match) => apart(api.archiveProduct(on(id, match))),
    listQuestionnaires: () => apart(api.listQuestionnaires({ client })),
    readEdition: (key, edition) => apart(api.readEdition({ client, path: { key, edition } })),
    startAssessment: (body) => apart(api.startAssessment({ client, body })),
    readAnswers: (id) => apart(api.readAnswers(at(id))),
    answerAssessment: (id, match, body) => apart(api.answerAssessment({ ...on(id, match), body })),
    submitAssessment: (id, match) => apart(api.submitAssessment(on(id, match))),
    rateAssessment: (id, match, body) => apart(api.rateAssessment({ ...on(id, match), body })),
    approveAssessment: (id, match, body) => apart(api.approveAssessment({ ...on(id, match), body })),
    readResult: (id) => apart(api.readResult(at(id))),
    createRisk: (body) => apart(api.createRisk({ client, body })),
    listRegister: (query) => apart(api.listRegister({ client, query })),
    exportRegister: (query) => apart(api.exportRegister({ client, query, parseAs: "text" })),
    readSummary: () => apart(api.readSummary({ client })),
    listReviews: (query) => apart(api.listReviews({ client, query })),
    importSuppliers: (body, query) => apart(api.importSuppliers({ client, body, query })),
    createImport: (file, query) => apart(api.createImport({ client, body: file, query })),
    readImportReport: (id) => apart(api.readImportReport(at(id))),
    applyImport: (id, match) => apart(api.applyImport(on(id, match))),
  };
};
