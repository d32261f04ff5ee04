import { answered } from "../src/check/answer.ts";
import type { InstanceFacts } from "../src/check/instance-facts.ts";
import type { Policy } from "../src/check/policies.ts";
import type { DatabaseFacts } from "../src/check/standby.ts";
import type { TrailFacts } from "../src/check/trail-access.ts";
import type { ConnectionOptions } from "../src/connection-options.ts";
import type { DescribedColumn } from "../src/statements.ts";

/** Facts of a database as it should be; tests change what they are about. */

export const CONNECTION: ConnectionOptions = {
  instanceId: "a",
  host: "db01",
  service: "sales",
  user: "das_reader",
  password: "secret",
};

export const INSTANCE: InstanceFacts = {
  user: "DAS_READER",
  isSysdba: false,
  version: "19.21.0.0.0",
  release: 19,
  edition: answered("EE"),
  role: "PRIMARY",
  uniqueName: "ORCL_A",
  containerId: 0,
  containerName: "ORCL",
  host: "db01",
  instanceNumber: "1",
  protocol: "tcps",
};

export const STANDBY: InstanceFacts = { ...INSTANCE, role: "PHYSICAL STANDBY", uniqueName: "ORCL_B" };

export const DATABASE: DatabaseFacts = {
  dbid: "1559204751",
  name: "ORCL",
  openMode: "READ WRITE",
  containerDbid: "1559204751",
};

export const REFUSED = { known: false, reason: "ORA-00942", refused: true } as const;

export function columns(...names: readonly string[]): readonly DescribedColumn[] {
  return names.map((name) => ({ name, type: name.startsWith("EVENT_TIMESTAMP") ? "TIMESTAMP" : "VARCHAR2" }));
}

const VIEW = ["AUDIT_TYPE", "SESSIONID", "USERHOST", "ACTION_NAME", "EVENT_TIMESTAMP", "EVENT_TIMESTAMP_UTC"];
const RAW = ["AUDIT_TYPE", "SESSIONID", "HOST_NAME", "ACTION", "EVENT_TIMESTAMP", "INST_ID"];

export const VIEW_COLUMNS = columns(...VIEW);
export const TRAIL: TrailFacts = {
  view: answered(VIEW_COLUMNS),
  table: answered(columns(...RAW)),
  files: answered(columns(...RAW)),
};

/** As Oracle notes §5 installs it. */
export const EVERYTHING: Policy = {
  name: "DAS_ALL",
  enablements: [{ way: "except", entity: "DAS_READER", success: true, failure: true }],
  condition: "",
  options: answered([{ name: "ALL", type: "STANDARD ACTION", object: "" }]),
};

export const WATCHING: Policy = {
  name: "DAS_READER_POL",
  enablements: [{ way: "by", entity: "DAS_READER", success: true, failure: true }],
  condition: "",
  options: answered(["LOGON", "LOGOFF", "INSERT"].map((name) => ({ name, type: "STANDARD ACTION", object: "" }))),
};
