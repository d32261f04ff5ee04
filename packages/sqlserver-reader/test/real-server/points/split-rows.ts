/** SQL Server notes §10.3: the pieces of a record of more than 4,000 characters. */
import { identifier, type Row } from "../administrator.ts";
import { either, type UnverifiedPoint } from "./unverified-point.ts";

const PIECE = 4_000;
const COLUMNS = `CONVERT(varchar(20), audit_file_offset) AS block, file_name, sequence_number, statement,
CONVERT(varchar(34), sequence_group_id, 1) AS sequence_group, additional_information`;

export const SPLIT_POINTS: readonly UnverifiedPoint[] = [
  {
    section: 3,
    question: "the pieces of a statement of 9,000 characters",
    settle: async (server) => {
      await using audit = await server.createAudit({
        groups: ["USER_DEFINED_AUDIT_GROUP", "SERVER_PERMISSION_CHANGE_GROUP"],
      });
      const { name } = await server.createLogin("none");
      const marker = "y".repeat(9_000);
      await server.administrator.run(`GRANT /* ${marker} */ VIEW SERVER STATE TO ${identifier(name)}`);
      const isPiece = ({ statement }: Row) => String(statement).includes("yyyy");
      const rows = await audit.selectWhen(
        COLUMNS,
        (all) =>
          all
            .filter(isPiece)
            .map(({ statement }) => String(statement))
            .join("").length > marker.length,
      );
      const indexes = rows.flatMap((row, index) => (isPiece(row) ? [index] : []));
      const pieces = rows.filter(isPiece);
      const distinct = (column: string) => new Set(pieces.map((piece) => String(piece[column]))).size;
      const text = pieces.map(({ statement }) => String(statement)).join("");
      const isWhole = text.includes(marker);
      const numbers = pieces.map(({ sequence_number: number }) => Number(number));
      return {
        says: [
          `${pieces.length} (${pieces.map(({ statement }) => String(statement).length).join(", ")} characters)`,
          `sequence_number ${numbers.join(", ")}`,
          `${distinct("sequence_group")} sequence_group_id`,
          `${distinct("additional_information")} additional_information`,
          `${distinct("block")} blocks, ${distinct("file_name")} files`,
          indexes.every((index, n) => index === (indexes[0] ?? 0) + n) ? "consecutive" : "not consecutive",
          isWhole ? "whole when joined" : "not whole when joined",
        ].join("; "),
        // Each piece is an event; a consumer joins them by their numbers.
        copes: isWhole && numbers.every((number, n) => number === n + 1) && text.length > PIECE,
      };
    },
  },
  {
    section: 3,
    question: "a cut between the halves of a surrogate pair",
    settle: async (server) => {
      await using audit = await server.createAudit({
        groups: ["USER_DEFINED_AUDIT_GROUP", "SERVER_PERMISSION_CHANGE_GROUP"],
      });
      const { name } = await server.createLogin("none");
      // One of the two statements has a pair at every odd, the other at every even place.
      const pairs = "😀".repeat(3_000);
      for (const filling of ["", "-"]) {
        await server.administrator.run(`GRANT /*${filling}${pairs}*/ VIEW ANY DEFINITION TO ${identifier(name)}`);
      }
      const isPiece = ({ statement }: Row) => String(statement).includes("😀");
      const rows = await audit.selectWhen(COLUMNS, (all) => all.filter(isPiece).length >= 4);
      const lone = rows.filter(({ statement }) => /\p{Surrogate}/u.test(String(statement))).length;
      // A half that travels alone is kept as it is.
      return either(lone > 0 ? `leaves ${lone} rows with half a pair` : "does not happen");
    },
  },
];
