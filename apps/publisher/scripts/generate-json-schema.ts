/** Writes `schema/` anew: `pnpm --filter @das/publisher generate`. A test fails while it is not what the sources say. */
import { writeFileSync } from "node:fs";
import { configurationJsonSchema } from "../src/configuration/schema.ts";

const file = new URL("../schema/das-configuration.schema.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`);
