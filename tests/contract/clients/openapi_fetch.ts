// openapi-fetch over the types of openapi-typescript.

import createClient from "openapi-fetch";
import type { paths } from "../openapi-typescript/api.js";
import { apart, type Make } from "./client.js";

export const make: Make = (address, key) => {
  const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });
  const at = (id: string) => ({ params: { path: { id } } });
  const on = (id: string, match: string) => ({ params: { path: { id }, header: { "If-Match": match } } });
  return {
    createSupplier: (body, key) => apart(client.POST("/suppliers", { body, params: key ? { header: { "Idempotency-Key": key } } : {} })),
    changeSupplier: (id, match, body) => apart(client.PATCH("/suppliers/{id}", { ...on(id, match), body })),
    createProduct: (body) => apart(client.POST("/products", { body })),
    archiveProduct: (id, match) => apart(client.POST("/products/{id}/archive", on(id, match))),
    listQuestionnaires: () => apart(client.GET("/questionnaires")),
    readEdition: (key, edition) => apart(client.GET("/questionnaires/{key}/editions/{edition}", { params: { path: { key, edition } } })),
    startAssessment: (body) => apart(client.POST("/assessments", { body })),
    readAnswers: (id) => apart(client.GET("/assessments/{id}/answers", at(id))),
    answerAssessment: (id, match, body) => apart(client.PATCH("/assessments/{id}/answers", { ...on(id, match), body })),
    submitAssessment: (id, match) => apart(client.POST("/assessments/{id}/submit", on(id, match))),
    rateAssessment: (id, match, body) => apart(client.PATCH("/assessments/{id}/review", { ...on(id, match), body })),
    approveAssessment: (id, match, body) => apart(client.POST("/assessments/{id}/approve", { ...on(id, match), body })),
    readResult: (id) => apart(client.GET("/assessments/{id}/result", at(id))),
    createRisk: (body) => apart(client.POST("/risks", { body })),
    listRegister: (query) => apart(client.GET("/register", { params: { query } })),
    exportRegister: (query) => apart(client.GET("/register.csv", { params: { query }, parseAs: "text" })),
    readSummary: () => apart(client.GET("/register/summary")),
    listReviews: (query) => apart(client.GET("/reviews", { params: { query } })),
    importSuppliers: (body, query) => apart(client.POST("/suppliers/import", { body, params: { query } })),
    // It types what is binary as text, and would write it as JSON.
    createImport: (file, query) =>
      apart(
        client.POST("/imports", {
          params: { query },
          headers: { "Content-Type": "application/octet-stream" },
          body: file as unknown as string,
          bodySerializer: () => file,
        }),
      ),
    readImportReport: (id) => apart(client.GET("/imports/{id}/report", at(id))),
    applyImport: (id, match) => apart(client.POST("/imports/{id}/apply", on(id, match))),
  };
};
