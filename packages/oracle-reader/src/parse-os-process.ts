const LARGEST_PID = 2 ** 31 - 1;

/** The server's process as a number; null when OS_PROCESS is no plain one of 32 bits (wire format §5.2). Total. */
export function parseOsProcess(text: string | null): number | null {
  if (text === null || !/^\d+$/.test(text)) return null;
  const pid = Number(text);
  return pid <= LARGEST_PID ? pid : null;
}
