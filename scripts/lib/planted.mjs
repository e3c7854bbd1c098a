/**
 * What a test run says of a planted bug. A bug is caught only by a test with a name that ran the code with the bug in it and found
 * something wrong: a file that does not load, an error of the bug's own spelling, a test that ran out of time have seen nothing.
 */
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ state: 'caught' | 'survived' | 'broken', by?: string }} Verdict `by`: the test, or why it is none
 * @typedef {{ status: string, message?: string, name?: string,
 *   assertionResults: { status: string, fullName: string, failureMessages?: string[] }[] }} TestFile
 */

/** Where a planted file says that it was loaded: the name is in the environment. */
export const LOADED = 'SEGLOG_PLANTED';

/** A line for the end of a TypeScript file that says so. */
export const TELLS_LOADED = `
process.getBuiltinModule('node:fs').appendFileSync(process.env['${LOADED}'] ?? '/dev/null', 'x');
`;

/** What does not come from looking at what the code did. */
const NO_FINDING = [
  /timed out in \d+ms/,
  /SyntaxError/,
  /ReferenceError/,
  /Transform failed/,
  /Cannot find (?:module|package)/,
];

/** A test's failure that counts. @param {string[]} messages */
function isFinding(messages) {
  const text = messages.join('\n');
  return text !== '' && !NO_FINDING.some((pattern) => pattern.test(text));
}

/**
 * What vitest's report (`--reporter json`) says.
 *
 * @param {{ testResults: TestFile[] } | undefined} report undefined where none was written
 * @param {boolean} wasLoaded whether the file with the bug in it was
 * @returns {Verdict}
 */
export function verdictOf(report, wasLoaded) {
  if (report === undefined) return { state: 'broken', by: 'the tests wrote no report' };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const ran = tests.filter(({ status }) => status === 'passed' || status === 'failed');
  const failed = ran.filter(({ status }) => status === 'failed');
  const found = failed.find(({ failureMessages = [] }) => isFinding(failureMessages));
  if (!wasLoaded) return { state: 'broken', by: 'no test loaded the file with the bug in it' };
  if (found !== undefined) return { state: 'caught', by: found.fullName.trim() };
  const first = failed[0]?.failureMessages?.[0] ?? report.testResults.find(({ message }) => message)?.message;
  if (failed.length > 0) return { state: 'broken', by: `${failed[0]?.fullName}: ${first?.slice(0, 300)}` };
  if (ran.length === 0) return { state: 'broken', by: first?.slice(0, 300) ?? 'no test ran' };
  return { state: 'survived' };
}

/** The same of a report in a file. @param {string} file */
export function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * What cargo says.
 *
 * @param {number} code
 * @param {string} output
 * @returns {Verdict}
 */
export function cargoVerdict(code, output) {
  const failed = /^test (\S+) \.\.\. FAILED$/m.exec(output)?.[1] ?? /^failures:\n {4}(\S+)$/m.exec(output)?.[1];
  const ran = [...output.matchAll(/^running (\d+) tests?$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  if (code === 0 && ran > 0) return { state: 'survived' };
  if (code !== 0 && failed !== undefined && /^test result: FAILED/m.test(output))
    return { state: 'caught', by: failed };
  return { state: 'broken', by: ran === 0 && code === 0 ? 'no test ran' : output.slice(-1500) };
}
