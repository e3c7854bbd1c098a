/**
 * A vitest reporter beside the usual one: writes counts and the reasons of skipped tests to the file named by
 * SEGLOG_TALLY. A file that fails to load counts as one failed test, so that it cannot vanish from the totals.
 */
import { writeFileSync } from 'node:fs';

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const reasons = [];
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') failedHere += 1;
        else counts.skipped += 1;
        if (state === 'skipped')
          reasons.push(`${module.relativeModuleId}: ${test.fullName}: ${note ?? 'no reason given'}`);
      }
      if (failedHere === 0 && module.state() === 'failed') failedHere = 1;
      counts.failed += failedHere;
    }
    if (process.env.SEGLOG_TALLY) writeFileSync(process.env.SEGLOG_TALLY, JSON.stringify({ ...counts, reasons }));
  }
}
