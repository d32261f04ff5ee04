import { describeReaderConformance } from "@das/reader-conformance";
import { openEmulatedTrail } from "./emulated-trail.ts";

describeReaderConformance("the SQL Server reader, on an emulated 2022", () => openEmulatedTrail());

describeReaderConformance("the SQL Server reader, where the offset is inclusive and blocks are sealed", () =>
  openEmulatedTrail({ behaviour: { offset: "inclusive", lastBlock: "sealed" } }),
);
