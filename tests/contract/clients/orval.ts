// orval, over fetch: headers are not among the parameters of its functions, and are given as options of the request.

import * as api from "../orval/api.js";
import { byStatus, type Make } from "./client.js";
import { send } from "./orval_send.js";

export const make: Make = (address, key) => {
  const as = (headers: Record<string, string> = {}) => ({ headers: { Authorization: `Bearer ${key}`, "X-Address": address, ...headers } });
  const on = (match: string) => as({ "If-Match": match });
  return {
    createSupplier: (body, key) => byStatus(api.createSupplier(body, as(key ? { "Idempotency-Key": key } : {}))),
    changeSupplier: (id, match, body) => byStatus(api.changeSupplier(id, body, on(match))),
    createProduct: (body) => byStatus(api.createProduct(body, as())),
    archiveProduct: (id, match) => byStatus(api.archiveProduct(id, on(match))),
    listQuestionnaires: () => byStatus(api.listQuestionnaires({}, as())),
    readEdition: (key, edition) => byStatus(api.readEdition(key, edition, {}, as())),
    startAssessment: (body) => byStatus(api.startAssessment(body, as())),
    readAnswers: (id) => byStatus(api.readAnswers(id, as())),
    answerAssessment: (id, match, body) => byStatus(api.answerAssessment(id, body, on(match))),
    submitAssessment: (id, match) => byStatus(api.submitAssessment(id, on(match))),
    rateAssessment: (id, match, body) => byStatus(api.rateAssessment(id, body, on(match))),
    approveAssessment: (id, match, body) => byStatus(api.approveAssessment(id, body, on(match))),
    readResult: (id) => byStatus(api.readResult(id, as())),
    createRisk: (body) => byStatus(api.createRisk(body, as())),
    listRegister: (query) => byStatus(api.listRegister(query, as())),
    exportRegister: (query) => byStatus(api.exportRegister(query, as())),
    readSummary: () => byStatus(api.readSummary(as())),
    listReviews: (query) => byStatus(api.listReviews(query, as())),
    importSuppliers: (body, query) => byStatus(api.importSuppliers(body, query, as())),
    // Its own function would write the file as JSON, which is `{}`: only its address and types are of use.
    createImport: (file, query) => {
      const options = { method: "POST", body: file, ...as({ "Content-Type": "application/octet-stream" }) };
      return byStatus(send<api.createImportResponse>(api.getCreateImportUrl(query), options));
    },
    readImportReport: (id) => byStatus(api.readImportReport(id, as())),
    applyImport: (id, match) => byStatus(api.applyImport(id, {}, on(match))),
  };
};
