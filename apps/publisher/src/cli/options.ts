import type { TargetOptions } from "./stream-target.ts";

/** What the command line says, parsed. */

export interface RunOptions {
  readonly config: string;
  readonly instance: string;
  readonly createStream: boolean;
  readonly resumeFrom?: Date;
  readonly logLevel: string;
}

export interface CheckOptions {
  readonly config: string;
  readonly instance?: string;
  readonly allInstances: boolean;
  readonly notifyTest: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
}

export interface VerifyOptions extends TargetOptions {
  readonly from: "oldest" | Date;
  readonly json: boolean;
  readonly color: boolean;
}

export interface TailOptions extends TargetOptions {
  readonly from: "latest" | "oldest" | Date;
  readonly json: boolean;
  readonly heartbeats: boolean;
  readonly limit?: number;
  readonly color: boolean;
}
