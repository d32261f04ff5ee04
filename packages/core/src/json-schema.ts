import { z } from "zod";
import { exactIntegerSchema, innerRecordSchema, outerRecordSchema } from "./event.ts";

/** The published JSON Schemas (draft 2020-12), by file name; `schema/` holds them as generated from here. */
export function jsonSchemas(): Record<string, object> {
  return {
    "outer-record.schema.json": toJsonSchema(outerRecordSchema),
    "inner-record.schema.json": toJsonSchema(innerRecordSchema),
  };
}

function toJsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      // JSON has one kind of integer, of any size; number and bigint are only how JavaScript holds it.
      if (zodSchema === (exactIntegerSchema as unknown)) {
        delete jsonSchema.anyOf;
        jsonSchema.type = "integer";
      }
    },
  });
}
