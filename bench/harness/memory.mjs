/**
 * How much memory a process takes, from Linux's own accounts.
 *
 * Resident memory counts the pages of the page cache that a process has mapped. The native engine maps the end of the log
 * it writes; these pages belong to the cache, and the system takes them back when it likes. So we take both: the resident
 * peak as it is (VmHWM), and the largest sample of it less what /proc/PID/smaps says is mapped of the log's files.
 */
import { existsSync, readFileSync } from 'node:fs';

const SAMPLE_EVERY_MS = 100;

export const canMeasure = existsSync('/proc/self/smaps');

function kilobytes(text, field) {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
}

/** Resident kB of the mappings of files under `directory`. */
function mappedKilobytes(smaps, directory) {
  let total = 0;
  let ours = false;
  for (const line of smaps.split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) ours = line.includes(directory);
    else if (ours && line.startsWith('Rss:')) total += Number(/\d+/.exec(line)[0]);
  }
  return total;
}

function megabytes(kibibytes) {
  return (kibibytes * 1024) / 1e6;
}

/** Watches a process until the function that it answers is called; `peaks` (in MB of 10^6 bytes) is filled meanwhile. */
export function watchMemory(directory, peaks) {
  Object.assign(peaks, { resident: 0, withoutLog: 0, anonymous: 0 });
  return (pid) => {
    const timer = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const mapped = mappedKilobytes(readFileSync(`/proc/${pid}/smaps`, 'utf8'), directory);
        peaks.resident = Math.max(peaks.resident, megabytes(kilobytes(status, 'VmHWM')));
        peaks.withoutLog = Math.max(peaks.withoutLog, megabytes(kilobytes(status, 'VmRSS') - mapped));
        peaks.anonymous = Math.max(peaks.anonymous, megabytes(kilobytes(status, 'RssAnon')));
      } catch {
        // It has just ended; what was seen before counts.
      }
    }, SAMPLE_EVERY_MS);
    return () => clearInterval(timer);
  };
}
