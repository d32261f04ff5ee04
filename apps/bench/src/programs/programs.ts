/** The files of the programs, to be started with `Child`: importing one would make this process answer for it. */
export const EMULATOR = new URL("./emulator.ts", import.meta.url);
export const LOCAL_AWS = new URL("./local-aws.ts", import.meta.url);
export const DRIVER = new URL("./driver.ts", import.meta.url);
export const FLOOR = new URL("./floor.ts", import.meta.url);
