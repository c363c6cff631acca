import { readFileSync } from 'node:fs';

/**
 * The largest resident size of this process, in kilobytes. On Linux resourceUsage also counts whoever started this process, as large as it
 * was then: the kernel's own count does not.
 */
export function largestResident(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
