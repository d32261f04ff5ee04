/** What Linux tells about a process in /proc (proc(5)). */

/** USER_HZ, in which proc(5) counts CPU time: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** User and system time of all threads, also of those that have ended. Seconds, to a hundredth. */
export function parseCpuSeconds(stat: string): number {
  // The second field is the command's name in parentheses, in which blanks and parentheses may stand too.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime and stime are fields 14 and 15; the first one here is field 3.
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks)) throw new Error("/proc/<pid>/stat has no utime and stime");
  return ticks / TICKS_PER_SECOND;
}

/** VmHWM: the most memory that was resident at once. MiB. */
export function parsePeakMemory(status: string): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error("/proc/<pid>/status has no VmHWM");
  return Number(kibibytes) / 1024;
}
