// Two things that orval 7 does with a good document make code that does not compile or does not work, so they are kept from it: it
// writes the choice between a word and null as a constant with an empty name, and a file as JSON (`createImport` in orval.ts).

/** Says null as orval reads it: beside a reference. */
function nullBesideReference(schema) {
  if (Array.isArray(schema)) return schema.map(nullBesideReference);
  if (schema === null || typeof schema !== "object") return schema;
  const entries = Object.entries(schema).map(([name, part]) => [name, nullBesideReference(part)]);
  const { oneOf, ...rest } = Object.fromEntries(entries);
  if (Array.isArray(oneOf) && oneOf.length === 2 && oneOf[1].enum?.[0] === null) return { ...rest, nullable: true, allOf: [oneOf[0]] };
  return oneOf === undefined ? rest : { ...rest, oneOf };
}

export const diligence = {
  input: { target: "../openapi.json", override: { transformer: nullBesideReference } },
  output: {
    target: "../orval/api.ts",
    client: "fetch",
    mode: "single",
    override: { mutator: { path: "./orval_send.ts", name: "send", extension: ".js" } },
  },
};
