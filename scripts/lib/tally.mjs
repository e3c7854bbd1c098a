/** Sums over several runners, and the closing line. */

/** What several runners passed, failed and skipped. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** What failed and what was skipped, repeated at the end where it is read. */
  #notes = [];

  add({ passed = 0, failed = 0, skipped = 0 }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  pass() {
    this.passed += 1;
  }

  fail(what) {
    this.failed += 1;
    this.#notes.push(`FAILED: ${what}`);
  }

  /** Something that did not run at all; said aloud, and counted as one. */
  skip(what) {
    this.skipped += 1;
    this.note(`SKIPPED: ${what}`);
  }

  note(line) {
    if (!this.#notes.includes(line)) this.#notes.push(line);
  }

  /** A runner that ended badly without a failed test to show for it has failed all the same. */
  addRunner(name, counts, exitCode) {
    this.add(counts);
    if (counts.passed + counts.failed + counts.skipped === 0) this.fail(`${name}: ran no test`);
    else if (exitCode !== 0 && counts.failed === 0) this.fail(`${name}: ended with exit code ${exitCode}`);
    else if (counts.failed > 0) this.note(`FAILED: ${name}: ${counts.failed} failed`);
  }

  /** Prints the notes and, alone on the last line, the totals. Answers the exit code. */
  close() {
    process.stdout.write('\n');
    for (const note of this.#notes) process.stdout.write(`${note}\n`);
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    process.stdout.write(`${this.passed} passed, ${this.failed} failed${skipped}\n`);
    return this.failed > 0 || this.passed === 0 ? 1 : 0;
  }
}

/** The totals of another script that ends with our closing line, or undefined when it did not get that far. */
export function readClosingLine(output) {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  const match = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line);
  if (match === null) return undefined;
  return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) };
}

/** Sums cargo's "test result:" lines, one for each test binary. */
export function readCargo(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const match of output.matchAll(/^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
    counts.skipped += Number(match[3]);
  }
  return counts;
}
