/** Findings as they come, in bounded memory: the worst are kept, and all are counted. */
import { basename, resolve } from 'node:path';
import { CATALOGUE } from '../inspect/findings/catalogue.ts';
import { type Finding, SEVERITIES, type Severity } from '../inspect/findings/finding.ts';
import type { Verified, VerifyTotals } from '../inspect/verify/verify.ts';
import type { Counts, FindingRow, FindingsPart, FindingText } from './contract.ts';
import { cut } from './cut.ts';
import { exact } from './exact.ts';
import { scriptBytes } from './script-json.ts';

/** Rows of all, and what they may take in the page. */
const MOST_ROWS = 400;
const MOST_BYTES = 140_000;
const MOST_FAILURES = 50;
const MOST_FAILURE_BYTES = 30_000;
/** A hostile file's text must not fill the page. */
const MOST_TEXT = 2000;

interface Kept {
  readonly finding: Finding;
  readonly directory: string;
  /** Its place among all that came. */
  readonly at: number;
}

/** What is known of one directory. */
interface Told {
  readonly counts: Record<Severity, number>;
  /** Errors and warnings by the offset that the name of a segment's file starts with. */
  readonly faults: Map<number, number>;
}

/** Gathers what verification tells. Directories are known by their resolved paths. */
export class FindingCollector {
  readonly #kept: Record<Severity, Kept[]> = { info: [], warning: [], error: [] };
  readonly #told: Map<string, Told> = new Map();
  readonly #failures: FindingsPart['failures'][number][] = [];
  #failed = 0;
  #came = 0;

  /** Takes what came of one directory. */
  add({ path, findings, failures }: Verified): void {
    const directory = resolve(path);
    const told = this.#toldOf(directory);
    for (const finding of findings) {
      const at = this.#came++;
      told.counts[finding.severity]++;
      const digits = digitsOf(finding.file);
      const base = Number(digits);
      if (digits !== undefined && finding.severity !== 'info') told.faults.set(base, (told.faults.get(base) ?? 0) + 1);
      const kept = this.#kept[finding.severity];
      if (kept.length < MOST_ROWS) kept.push({ finding, directory, at });
    }
    this.#failed += failures.length;
    this.#failures.push(...failures.slice(0, MOST_FAILURES - this.#failures.length));
  }

  /** How many findings a directory has of each severity, those beyond the limit of a file aside. */
  countsOf(directory: string): Counts {
    return this.#told.get(directory)?.counts ?? { info: 0, warning: 0, error: 0 };
  }

  /** How many errors and warnings there are about files whose names start with an offset from `from` to below `to`. */
  faultsBetween(directory: string, from: number, to: number | undefined): number {
    let sum = 0;
    for (const [base, faults] of this.#told.get(directory)?.faults ?? []) {
      if (base >= from && (to === undefined || base < to)) sum += faults;
    }
    return sum;
  }

  #toldOf(path: string): Told {
    const known = this.#told.get(path);
    if (known !== undefined) return known;
    const made = { counts: { info: 0, warning: 0, error: 0 }, faults: new Map<number, number>() };
    this.#told.set(path, made);
    return made;
  }

  /**
   * What the page shows.
   *
   * @param root - the directory that the report is about, resolved
   * @param partitions - places in the page's list, by directory
   */
  result(totals: VerifyTotals, root: string, partitions: ReadonlyMap<string, number>): FindingsPart {
    const rows: { at: number; row: FindingRow }[] = [];
    let bytes = 0;
    for (const { finding, directory, at } of SEVERITIES.toReversed().flatMap((severity) => this.#kept[severity])) {
      const partition = partitions.get(directory) ?? -1;
      // A partition that has no row of its own is named with its file.
      const folder = partition < 0 && directory !== root ? `${basename(directory)}/` : '';
      const row = rowOf(finding, folder, partition);
      bytes += scriptBytes(row);
      if (rows.length >= MOST_ROWS || bytes > MOST_BYTES) break;
      rows.push({ at, row });
    }
    const { info, warning, error } = totals.counts;
    const shown = rows.sort((a, b) => a.at - b.at).map(({ row }) => row);
    return {
      counts: { info, warning, error },
      rows: shown,
      omitted: Math.max(0, info + warning + error - shown.length),
      pages: pagesOf(shown),
      ...this.#failuresShown(),
    };
  }

  #failuresShown(): Pick<FindingsPart, 'failures' | 'failuresOmitted'> {
    const failures: FindingsPart['failures'][number][] = [];
    let bytes = 0;
    for (const { path, code, message } of this.#failures) {
      const shown = { path: cut(path, MOST_TEXT), code, message: cut(message, MOST_TEXT) };
      bytes += scriptBytes(shown);
      if (bytes > MOST_FAILURE_BYTES) break;
      failures.push(shown);
    }
    return { failures, failuresOmitted: this.#failed - failures.length };
  }
}

function rowOf(finding: Finding, folder: string, partition: number): FindingRow {
  const { code, severity, file, position, offsets, expected, found, message, action } = finding;
  const digits = digitsOf(file);
  return {
    code,
    severity,
    partition,
    file: `${folder}${file}`,
    segment: digits === undefined ? null : exact(BigInt(digits) > 2n ** 53n ? BigInt(digits) : Number(digits)),
    position,
    offsets: offsets === null ? null : [exact(offsets[0]), exact(offsets[1])],
    expected: memberOf(expected),
    found: memberOf(found),
    message: cut(message, MOST_TEXT),
    action: action === CATALOGUE[code].action ? null : cut(action, MOST_TEXT),
  };
}

function memberOf(value: string | number | bigint | null): string | number | null {
  if (value === null) return null;
  return typeof value === 'string' ? cut(value, MOST_TEXT) : exact(value);
}

function digitsOf(file: string): string | undefined {
  return /^(\d{20})\./.exec(file)?.[1];
}

function pagesOf(rows: readonly FindingRow[]): Record<string, FindingText> {
  const pages: Record<string, FindingText> = {};
  for (const { code } of rows) {
    const { severity, title, meaning, causes, action } = CATALOGUE[code as Finding['code']];
    pages[code] ??= { severity, title, meaning, causes, action };
  }
  return pages;
}
