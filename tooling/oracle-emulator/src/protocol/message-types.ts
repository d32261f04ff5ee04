/** Oracle notes §7.3: what a message begins with, and the functions that a client calls. */
export const MESSAGE_TYPE = {
  protocol: 1,
  dataTypes: 2,
  function: 3,
  error: 4,
  rowHeader: 6,
  rowData: 7,
  parameter: 8,
  status: 9,
  lobData: 14,
  describe: 16,
  piggyback: 17,
} as const;

export const FUNCTION = {
  reexecute: 4,
  fetch: 5,
  logOff: 9,
  commit: 14,
  rollback: 15,
  reexecuteAndFetch: 78,
  execute: 94,
  lobOperation: 96,
  authenticatePhaseTwo: 115,
  authenticatePhaseOne: 118,
  ping: 147,
} as const;

export type FunctionName = keyof typeof FUNCTION;

export const PIGGYBACK = {
  lobOperation: 96,
  closeCursors: 105,
  cancelCursors: 120,
  endToEnd: 135,
  setSchema: 152,
} as const;
