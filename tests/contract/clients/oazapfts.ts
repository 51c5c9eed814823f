// oazapfts: functions with the parameters of the path in a row, and the others in an object, in camel case.

import * as api from "../oazapfts/api.js";
import { byStatus, type Make } from "./client.js";

export const make: Make = (address, key) => {
  const as = { baseUrl: address, headers: { Authorization: `Bearer ${key}` } };
  return {
    createSupplier: (body, key) => byStatus(api.createSupplier(body, key ? { idempotencyKey: key } : {}, as)),
    changeSupplier: (id, match, body) => byStatus(api.changeSupplier(id, match, body, as)),
    createProduct: (body) => byStatus(api.createProduct(body, {}, as)),
    archiveProduct: (id, match) => byStatus(api.archiveProduct(id, match, {}, as)),
    listQuestionnaires: () => byStatus(api.listQuestionnaires({}, as)),
    readEdition: (key, edition) => byStatus(api.readEdition(key, edition, {}, as)),
    startAssessment: (body) => byStatus(api.startAssessment(body, {}, as)),
    readAnswers: (id) => byStatus(api.readAnswers(id, as)),
    answerAssessment: (id, match, body) => byStatus(api.answerAssessment(id, match, body, as)),
    submitAssessment: (id, match) => byStatus(api.submitAssessment(id, match, {}, as)),
    rateAssessment: (id, match, body) => byStatus(api.rateAssessment(id, match, body, as)),
    approveAssessment: (id, match, body) => byStatus(api.approveAssessment(id, match, body, {}, as)),
    readResult: (id) => byStatus(api.readResult(id, as)),
    createRisk: (body) => byStatus(api.createRisk(body, {}, as)),
    listRegister: ({ supplier_id: supplierId, subject_type: subjectType }) => byStatus(api.listRegister({ supplierId, subjectType }, as)),
    exportRegister: ({ supplier_id: supplierId }) => byStatus(api.exportRegister({ supplierId }, as)),
    readSummary: () => byStatus(api.readSummary(as)),
    listReviews: ({ supplier_id: supplierId, due_before: dueBefore }) => byStatus(api.listReviews({ supplierId, dueBefore }, as)),
    importSuppliers: (body, { dry_run: dryRun }) => byStatus(api.importSuppliers(body, { dryRun }, as)),
    createImport: (file, { noun, file_name: fileName }) => byStatus(api.createImport(file, { noun, fileName }, as)),
    readImportReport: (id) => byStatus(api.readImportReport(id, as)),
    applyImport: (id, match) => byStatus(api.applyImport(id, match, {}, as)),
  };
};
