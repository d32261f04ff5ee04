/** The engines whose activity the stream carries. */
export type Engine = "oracle" | "sqlserver";

/** What the wire format fixes for one engine (wire format §§2, 5.1, 6.1). */
export interface EngineTraits {
  /** Member `version` of the outer record; decided by the engine alone. */
  readonly recordVersion: "1.3" | "1.4";
  readonly serverType: "ORACLE" | "SQLSERVER";
  readonly dbProtocol: "oracle" | "SQLSERVER";
  /** Fraction digits of every time in an event. */
  readonly fractionDigits: 6 | 7;
}

export const ENGINE_TRAITS = {
  oracle: { recordVersion: "1.3", serverType: "ORACLE", dbProtocol: "oracle", fractionDigits: 6 },
  sqlserver: { recordVersion: "1.4", serverType: "SQLSERVER", dbProtocol: "SQLSERVER", fractionDigits: 7 },
} as const satisfies Record<Engine, EngineTraits>;
