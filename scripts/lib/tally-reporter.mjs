/**
 * A vitest reporter beside the usual one: writes counts, the failed tests and the reasons of skipped ones to the file named
 * by SEGLOG_TALLY. A file that fails to load counts as one failed test, so that it cannot vanish from the totals.
 */
import { writeFileSync } from 'node:fs';

/** What an error says, in one line that can be repeated at the end of a run. */
const firstLine = (error) => (error?.message ?? 'no message').split('\n')[0].slice(0, 200);

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const failures = unhandledErrors.map((error) => `outside a test: ${firstLine(error)}`);
    const reasons = [];
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state, note, errors } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') {
          failedHere += 1;
          failures.push(`${module.relativeModuleId}: ${test.fullName}: ${firstLine(errors[0])}`);
        } else counts.skipped += 1;
        if (state === 'skipped')
          reasons.push(`${module.relativeModuleId}: ${test.fullName}: ${note ?? 'no reason given'}`);
      }
      if (failedHere === 0 && module.state() === 'failed') {
        failedHere = 1;
        failures.push(`${module.relativeModuleId}: ${firstLine(module.errors()[0])}`);
      }
      counts.failed += failedHere;
    }
    if (process.env.SEGLOG_TALLY)
      writeFileSync(process.env.SEGLOG_TALLY, JSON.stringify({ ...counts, failures, reasons }));
  }
}
