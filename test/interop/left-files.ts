/** The files that a log leaves, in the form of the oracles. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SEGMENT_FILES = /^\d{20}\.(log|index|timeindex|txnindex)$/;

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** The first 16 hex digits of the SHA-256 of each log and index file. */
export function digestsIn(directory: string): Record<string, string> {
  const names = readdirSync(directory)
    .filter((name) => SEGMENT_FILES.test(name))
    .sort();
  return Object.fromEntries(names.map((name) => [name, digest(readFileSync(join(directory, name)))]));
}

/** Kafka's digests of files that are in use: without those that wait for their deletion. */
export function inUse(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => SEGMENT_FILES.test(name)));
}

/** The names of producer snapshots. */
export function snapshotsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.snapshot'))
    .sort();
}
