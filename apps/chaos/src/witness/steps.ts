/**
 * The steps of the pipeline at which a publisher can be killed, in the order in which a row comes past them, and how often
 * a publisher that has work passes them within a second or two, at least.
 */
const PASSED = {
  "the stream is asked where to go on": 2,
  "the stream has said where to go on": 2,
  "rows were read": 4,
  "a row was mapped": 60,
  "a record was closed": 8,
  "a data key was lent": 12,
  "a record was sealed": 12,
  "a call is about to be sent": 4,
  "a call is on its way": 4,
  "a call was answered": 4,
  "the watermark moved": 8,
  "the reader was told": 8,
  "a heartbeat was closed": 6,
} as const;

export type Step = keyof typeof PASSED;

export const STEPS = Object.keys(PASSED) as readonly Step[];

/** A publisher ends itself the `count`th time that it reaches the step. */
export interface Death {
  readonly step: Step;
  readonly count: number;
}

/** @param upTo gives a number from 1 to that many */
export function deathAt(step: Step, upTo: (most: number) => number): Death {
  return { step, count: upTo(PASSED[step]) };
}
