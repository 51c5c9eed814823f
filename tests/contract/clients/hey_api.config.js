// @hey-api/openapi-ts: modules of Node name each other with their ending.

export default {
  input: "openapi.json",
  output: { path: "hey-api", importFileExtension: ".js" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
