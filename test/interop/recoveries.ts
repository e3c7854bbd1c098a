/** Damaged partitions, opened by Kafka and by us: the cases, and what each makes of them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, parseLogConfig, SeglogError } from '../../src/index.ts';
import { applyEdits } from '../support/edits.ts';
import { segmentsOf, type ValidPrefix } from '../support/log-bytes.ts';
import { askKafka } from './kafka.ts';
import { digestsIn, inUse, snapshotsIn } from './left-files.ts';
import type { RecoveryCase } from './recovery-cases.ts';

/** How a log stands after opening and what it left when closed: what must be the same in both. */
export interface Recovered {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  readonly recoveryPoint: number;
  readonly lastStableOffset: number;
  readonly segments: readonly { readonly baseOffset: number; readonly size: number }[];
  readonly producers: readonly object[];
  readonly epochs: readonly { readonly epoch: number; readonly startOffset: number }[];
  readonly snapshots: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** Kafka's answer; with `error` there is nothing else. */
export type KafkaRecovered = Recovered & { readonly error?: string; readonly thrownAt?: string };

/** Ours. */
export interface OurRecovered {
  readonly recovered?: Recovered;
  readonly error?: unknown;
  /** What status() says of damage that was left in place. */
  readonly corruption?: { readonly file: string; readonly position: number } | undefined;
}

/** A case with both answers, and the damaged bytes by an account of their own. */
export interface Compared {
  readonly one: RecoveryCase;
  readonly kafka: KafkaRecovered;
  /** Of a log that is said to be closed clean, what Kafka says when it is told to scan its last segment. */
  readonly scanned: KafkaRecovered | undefined;
  readonly ours: OurRecovered;
  readonly before: readonly ValidPrefix[];
  readonly namesBefore: readonly string[];
  /** The bytes of the damaged .index and .timeindex files, by name. */
  readonly indexesBefore: ReadonlyMap<string, Buffer>;
  readonly ourDirectory: string;
}

function asKafkaGivesThem(log: Log): Omit<Recovered, 'files' | 'snapshots'> {
  const { logStartOffset, logEndOffset, recoveryPoint, lastStableOffset } = log.status();
  return {
    logStartOffset,
    logEndOffset,
    recoveryPoint,
    lastStableOffset,
    segments: segmentSizes(log.directory),
    producers: log.producers().map((producer) => ({ ...producer })),
    epochs: log.leaderEpochs().map(({ epoch, startOffset }) => ({ epoch, startOffset })),
  };
}

function segmentSizes(directory: string): Recovered['segments'] {
  return readdirSync(directory)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .sort()
    .map((name) => ({ baseOffset: Number(name.slice(0, 20)), size: readFileSync(join(directory, name)).length }));
}

/** Opens and closes a partition with what is told by no mark and no checkpoint. */
export async function recoverWithUs(
  directory: string,
  one: Omit<RecoveryCase, 'name' | 'edits'>,
): Promise<OurRecovered> {
  try {
    const { clean, recoveryPoint, logStartOffset, now } = one;
    const log = await Log.open(directory, {
      ...parseLogConfig(Object.entries(one.source.config)),
      clock: new ManualClock(now),
      recovery: { clean, recoveryPoint, logStartOffset },
    });
    const { corruption } = log.status();
    let open: Omit<Recovered, 'files' | 'snapshots'>;
    let snapshots: string[];
    try {
      open = asKafkaGivesThem(log);
      snapshots = snapshotsIn(directory);
    } finally {
      await log.close();
    }
    // A preallocated .log is trimmed when it is closed.
    const recovered = { ...open, segments: segmentSizes(directory), snapshots, files: digestsIn(directory) };
    return { recovered, corruption };
  } catch (error) {
    if (error instanceof SeglogError) return { error };
    throw error;
  }
}

/** What of Kafka's answer is compared. */
export function comparable(kafka: KafkaRecovered): Recovered {
  const { logStartOffset, logEndOffset, recoveryPoint, lastStableOffset, segments } = kafka;
  const { producers, epochs, snapshots } = kafka;
  const files = inUse(kafka.files);
  return {
    logStartOffset,
    logEndOffset,
    recoveryPoint,
    lastStableOffset,
    segments,
    producers,
    epochs,
    snapshots,
    files,
  };
}

function questionOf({ clean, logStartOffset, recoveryPoint, now, source }: RecoveryCase): object {
  return { clean, logStartOffset, recoveryPoint, now, config: source.config };
}

/** Has Kafka, in one JVM, and us open copies of each case; `look` sees each as soon as both have answered. */
export async function compareAll(
  cases: readonly RecoveryCase[],
  look: (compared: Compared) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'seglog-recoveries-'));
  try {
    const place = (who: string, i: number, { source }: RecoveryCase): string =>
      join(root, who, String(i), basename(source.directory));
    for (const [i, one] of cases.entries()) {
      const theirs = place('kafka', i, one);
      cpSync(one.source.directory, theirs, { recursive: true, preserveTimestamps: true });
      applyEdits(theirs, one.edits);
      cpSync(theirs, place('ours', i, one), { recursive: true, preserveTimestamps: true });
    }
    const answers = await askKafka<KafkaRecovered>(
      'OracleRecover',
      cases.map((one, i) => ({ ...questionOf(one), dir: place('kafka', i, one) })),
    );
    const clean = [...cases.entries()].filter(([, one]) => one.clean);
    for (const [i, one] of clean) {
      cpSync(place('ours', i, one), place('scan', i, one), { recursive: true, preserveTimestamps: true });
    }
    const scans = await askKafka<KafkaRecovered>(
      'OracleRecover',
      clean.map(([i, one]) => {
        // What lies before the last segment was synced by the clean end.
        const base = Number(segmentsOf(place('scan', i, one)).at(-1)?.baseOffset ?? 0n);
        const recoveryPoint = Math.max(base, one.recoveryPoint);
        return { ...questionOf(one), clean: false, recoveryPoint, dir: place('scan', i, one) };
      }),
    );
    const scanOf = new Map(clean.map(([i], at) => [i, scans[at]]));
    for (const [i, one] of cases.entries()) {
      const ourDirectory = place('ours', i, one);
      const before = segmentsOf(ourDirectory);
      const namesBefore = readdirSync(ourDirectory);
      const indexesBefore = new Map(
        namesBefore
          .filter((name) => /^\d{20}\.(time)?index$/.test(name))
          .map((name) => [name, readFileSync(join(ourDirectory, name))]),
      );
      const ours = await recoverWithUs(ourDirectory, one);
      await look({
        one,
        kafka: answers[i] as KafkaRecovered,
        scanned: scanOf.get(i),
        ours,
        before,
        namesBefore,
        indexesBefore,
        ourDirectory,
      });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
