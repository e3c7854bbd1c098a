/** What a dump says on stderr. */
import type { SeglogError } from '../../errors/errors.ts';
import type { DumpReporter } from '../../inspect/dump-log.ts';
import { tell, tellError } from '../exit-codes.ts';

/** Findings of one file that are told; a file of garbage has millions. */
const TOLD_FINDINGS = 100;

/** Tells of a file's findings and notes, as they come. */
export class Diagnostics implements DumpReporter {
  readonly #path: string;
  readonly #stops: boolean;
  /** Takes an empty index, where many are told as one; a note when undefined. */
  readonly emptyIndex: DumpReporter['emptyIndex'];
  #findings = 0;

  /** @param stops - whether the dump of the file ends at the first finding */
  constructor(path: string, stops: boolean, emptyIndex: (() => void) | undefined) {
    this.#path = path;
    this.#stops = stops;
    this.emptyIndex = emptyIndex;
  }

  get findings(): number {
    return this.#findings;
  }

  get isOver(): boolean {
    return this.#stops && this.#findings > 0;
  }

  finding(finding: SeglogError): void {
    if (this.#findings++ < TOLD_FINDINGS) tellError(finding);
  }

  note(text: string): void {
    tell(`note: ${this.#path}: ${text}`);
  }

  /** Says what was left out. */
  end(): void {
    if (this.#findings > TOLD_FINDINGS) tell(`${this.#findings - TOLD_FINDINGS} more findings in ${this.#path}`);
    if (this.isOver) this.note('the dump of this file ends at its first finding, as --on-corrupt stop asks');
  }
}
