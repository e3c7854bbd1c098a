/** Gathers a report: statistics, findings, explanations and sampled records of a partition or a whole log directory. Reads only. */
import { basename, resolve } from 'node:path';
import type { LogConfig } from '../config/log-config.ts';
import { recordDecoder } from '../inspect/decode/decoders.ts';
import { collectStats } from '../inspect/stats/collect.ts';
import type { LogStats, PartitionStats, SegmentStats } from '../inspect/stats/contract.ts';
import type { Target } from '../inspect/targets.ts';
import type { TaskRunner } from '../inspect/verify/pool.ts';
import { contextOf, type Machine, type VerifySettings } from '../inspect/verify/task.ts';
import { noTotals, planTargets, type VerifyPlan, type VerifyTotals } from '../inspect/verify/verify.ts';
import type { PartitionDetail, PartitionRow, ReportModel, SamplePart, SegmentColumns } from './contract.ts';
import { cut } from './cut.ts';
import { explainAll, fitExplanations } from './explained.ts';
import { figuresOf, totalsOf } from './figures.ts';
import { FindingCollector } from './findings.ts';
import { sampleRecords } from './sample.ts';
import { scriptBytes } from './script-json.ts';
import { fairShares } from './share.ts';

/** Partitions in the list, and among them those that are shown closely. */
const MOST_PARTITIONS = 300;
const MOST_DETAILS = 24;
/** Rows of segments, of all that are shown closely. */
const SEGMENT_ROWS = 2000;
/** Bytes of the page that sampled records may take, all partitions together. */
const SAMPLE_BYTES = 200_000;
/** Explanations likewise. */
const EXPLAINED_BYTES = 150_000;
const MOST_NOTES = 30;
const MOST_NOTE = 300;

/** What a report is asked for. */
export interface ReportRequest {
  readonly target: Target & { readonly kind: 'partition' | 'log-directory' };
  /** The moment that explanations are about. */
  readonly nowMs: number;
  /** The log's settings, for explanations. */
  readonly config: LogConfig;
  readonly settings: VerifySettings;
  /** At most so many records of a partition are sampled; with 0 the report holds no key and no value. */
  readonly records: number;
  /** seglog's version. */
  readonly version: string;
  /** Of statistics; one a processor unless given. */
  readonly threads?: number | undefined;
}

/** What {@link planReport} made: how much there is to do, and how to do it. */
export interface ReportPlan {
  readonly bytes: number;
  /**
   * Gathers. What is wrong with the files is in the report. `progress` is told the bytes of statistics; the runner tells
   * those of verification to whom it was made for.
   *
   * @throws SeglogError `IO` when the directory cannot be listed any more
   */
  readonly run: (runner: TaskRunner, progress: (bytes: number) => void) => Promise<Gathered>;
}

/** A report, and what a command says of it. */
export interface Gathered {
  readonly model: ReportModel;
  readonly verified: VerifyTotals;
}

/** A partition of statistics, with what was found in it. */
interface Candidate {
  readonly stats: PartitionStats;
  /** Its path, resolved. */
  readonly directory: string;
  readonly row: Omit<PartitionRow, 'detail'>;
}

/** Looks at what is there, and at nothing in it. */
export function planReport(machine: Machine, request: ReportRequest): ReportPlan {
  const { settings, target } = request;
  const plan = planTargets(contextOf(machine, settings), settings, [target]);
  // Verification goes over everything, and so do statistics.
  return { bytes: 2 * plan.bytes, run: (runner, progress) => gather(machine, request, { plan, runner, progress }) };
}

interface Doing {
  readonly plan: VerifyPlan;
  readonly runner: TaskRunner;
  readonly progress: (bytes: number) => void;
}

async function gather(machine: Machine, request: ReportRequest, { plan, runner, progress }: Doing): Promise<Gathered> {
  const { target, nowMs, threads, version, records } = request;
  const findings = new FindingCollector();
  const verified = noTotals();
  for await (const one of plan.run(runner, verified)) findings.add(one);
  let done = 0;
  const onProgress = (doneBytes: number): void => {
    progress(doneBytes - done);
    done = doneBytes;
  };
  const stats = await collectStats(machine, [target.path], {
    ...{ threads, onProgress },
    // Those are told by verification.
    findingsPerFile: 0,
    topKeys: records === 0 ? 0 : undefined,
  });
  const notes = new Set([...plan.notes, ...stats.notes]);
  const { rows, details } = choose(stats, findings);
  const places = new Map(rows.map(({ directory }, at) => [directory, at]));
  const parts = detailsOf(machine, request, details, findings, (text) => void notes.add(text));
  const detailPlaces = new Map(details.map(({ directory }, at) => [directory, at]));
  const model: ReportModel = {
    schema: 1,
    path: target.path,
    title: basename(resolve(target.path)),
    kind: target.kind,
    madeMs: machine.clock.now(),
    nowMs,
    version,
    totals: totalsOf(stats.total),
    figures: figuresOf(stats.total),
    whatIf: stats.whatIf,
    findings: findings.result(verified, resolve(target.path), places),
    partitions: rows.map(({ directory, row }) => withDetail(row, detailPlaces.get(directory) ?? -1)),
    partitionsOmitted: stats.partitions.length - rows.length,
    details: parts.map((detail, at) => withPartition(detail, places.get(details[at]?.directory ?? '') ?? -1)),
    notes: boundedNotes([...notes]),
  };
  return { model, verified };
}

function boundedNotes(notes: readonly string[]): string[] {
  const shown = notes.slice(0, MOST_NOTES).map((note) => cut(note, MOST_NOTE));
  const left = notes.length - shown.length;
  return left === 0 ? shown : [...shown, `and ${left} more that are not in this page`];
}

function withDetail(row: Omit<PartitionRow, 'detail'>, detail: number): PartitionRow {
  return { ...row, detail };
}

function withPartition(detail: Omit<PartitionDetail, 'partition'>, partition: number): PartitionDetail {
  return { partition, ...detail };
}

/** Which partitions are listed, in their order, and which are shown closely: the worst first, then the largest. */
function choose(stats: LogStats, findings: FindingCollector): { rows: Candidate[]; details: Candidate[] } {
  const all = stats.partitions.map((partition) => {
    const { name, firstOffset, lastOffset } = partition;
    const directory = resolve(partition.path);
    const counts = findings.countsOf(directory);
    return { stats: partition, directory, row: { ...totalsOf(partition), name, firstOffset, lastOffset, counts } };
  });
  const ranked = [...all].sort(
    (a, b) =>
      b.row.counts.error - a.row.counts.error ||
      b.row.counts.warning - a.row.counts.warning ||
      b.row.bytes - a.row.bytes,
  );
  const listed = new Set(ranked.slice(0, MOST_PARTITIONS));
  return { rows: all.filter((candidate) => listed.has(candidate)), details: ranked.slice(0, MOST_DETAILS) };
}

function detailsOf(
  { engine, fs, clock }: Machine,
  { nowMs, config, records }: ReportRequest,
  chosen: readonly Candidate[],
  findings: FindingCollector,
  note: (text: string) => void,
): Omit<PartitionDetail, 'partition'>[] {
  const shares = fairShares(
    chosen.map(({ stats }) => segmentsOf(stats).length),
    SEGMENT_ROWS,
  );
  const samples = samplesOf({ engine, fs }, chosen, records);
  const explained = chosen.map(({ stats }) => {
    const context = { engine, fs, clock, note: (text: string): void => note(`${stats.name}: ${text}`) };
    return explainAll(context, stats.path, { now: nowMs, config });
  });
  const fitted = fitExplanations(explained, EXPLAINED_BYTES);
  return chosen.map(({ stats, directory }, at) => {
    const segments = segmentsOf(stats);
    const columns = columnsOf(segments, Math.max(1, shares[at] ?? 1));
    return {
      segments: {
        ...columns,
        faults: columns.base.map((base, row) => findings.faultsBetween(directory, base, columns.base[row + 1])),
      },
      figures: figuresOf(stats),
      explained: fitted[at] ?? [],
      sample: samples[at] ?? NO_SAMPLE,
    };
  });
}

const NO_SAMPLE: SamplePart = { records: [], isAll: false, unreadable: 0, maxBytes: 0 };

/** Samples of all, the smallest first: the room that these leave is for the larger ones. */
function samplesOf(
  { engine, fs }: Pick<Machine, 'engine' | 'fs'>,
  chosen: readonly Candidate[],
  records: number,
): SamplePart[] {
  const samples = chosen.map(() => NO_SAMPLE);
  const order = chosen.map(({ stats }, at) => ({ stats, at })).sort((a, b) => a.stats.records - b.stats.records);
  let left = SAMPLE_BYTES;
  order.forEach(({ stats, at }, done) => {
    const sample = sampleRecords(engine, fs, {
      segments: segmentsOf(stats),
      total: stats.records + stats.controlRecords,
      records,
      bytes: Math.floor(left / (order.length - done)),
      decoder: recordDecoder('auto', stats.topic ?? undefined),
    });
    left -= scriptBytes(sample.records);
    samples[at] = sample;
  });
  return samples;
}

type Segment = SegmentStats & { readonly baseOffset: number };

/** The segments of a partition, without KRaft's snapshots. */
function segmentsOf({ segmentList }: PartitionStats): Segment[] {
  return segmentList.filter((segment): segment is Segment => segment.baseOffset !== null);
}

/** As many rows as there is room for: neighbours share one where there are more segments. */
function columnsOf(segments: readonly Segment[], rows: number): Omit<SegmentColumns, 'faults'> {
  const width = Math.ceil(segments.length / rows);
  const runs: (readonly Segment[])[] = [];
  for (let at = 0; at < segments.length; at += width) runs.push(segments.slice(at, at + width));
  const sum = (run: readonly Segment[], of: (segment: Segment) => number): number =>
    run.reduce((total, segment) => total + of(segment), 0);
  return {
    base: runs.map((run) => run[0]?.baseOffset ?? 0),
    next: runs.map((run) =>
      run.reduce(
        (end, { lastOffset, baseOffset }) => (lastOffset === null ? Math.max(end, baseOffset) : lastOffset + 1),
        0,
      ),
    ),
    bytes: runs.map((run) => sum(run, ({ sizeBytes }) => sizeBytes)),
    batches: runs.map((run) => sum(run, ({ batches }) => batches)),
    records: runs.map((run) => sum(run, ({ records }) => records)),
    firstMs: runs.map((run) =>
      extremeOf(
        run.map(({ minTimestamp }) => minTimestamp),
        Math.min,
      ),
    ),
    lastMs: runs.map((run) =>
      extremeOf(
        run.map(({ maxTimestamp }) => maxTimestamp),
        Math.max,
      ),
    ),
    count: runs.map((run) => run.length),
  };
}

function extremeOf(values: readonly (number | null)[], pick: (a: number, b: number) => number): number | null {
  return values.reduce((best, value) => (value === null ? best : best === null ? value : pick(best, value)), null);
}
