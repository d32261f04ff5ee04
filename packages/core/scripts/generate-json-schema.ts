/** Writes `schema/` anew: `pnpm --filter @das/core generate`. A test fails while it is not what the sources say. */
import { writeFileSync } from "node:fs";
import { jsonSchemas } from "../src/json-schema.ts";

for (const [name, schema] of Object.entries(jsonSchemas())) {
  writeFileSync(new URL(`../schema/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
