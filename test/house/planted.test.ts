/** What `npm run mutations` takes for a bug that was caught: a test with a name that ran the bug and found something. */
import { expect, it } from 'vitest';
import { cargoVerdict, verdictOf } from '../../scripts/lib/planted.mjs';

const failed = (...failureMessages: string[]) => ({
  status: 'failed',
  fullName: 'a log keeps what it has',
  failureMessages,
});
const passed = { status: 'passed', fullName: 'another test' };
const skipped = { status: 'skipped', fullName: 'a test of another engine' };
const report = (...assertionResults: { status: string; fullName: string; failureMessages?: string[] }[]) => ({
  testResults: [{ status: 'failed', assertionResults }],
});

it('a failed test that loaded the bug has caught it', () => {
  const found = report(passed, failed('AssertionError: expected 3 to be 4'));
  expect(verdictOf(found, true)).toEqual({ state: 'caught', by: 'a log keeps what it has' });
  expect(verdictOf(report(failed('SeglogError: the log is damaged')), true)).toMatchObject({ state: 'caught' });
});

it('tests that pass have not', () => {
  expect(verdictOf(report(passed, skipped), true)).toEqual({ state: 'survived' });
});

it.each([
  ['a test that ran out of time', report(failed('Error: Test timed out in 5000ms.')), true],
  ['a hook that did', report(failed('Error: Hook timed out in 5000ms.')), true],
  ['a bug that misspells a name', report(failed('ReferenceError: end is not defined')), true],
  ['a test without a word', report(failed()), true],
  ['tests that never came to the bug', report(failed('AssertionError: expected 3 to be 4')), false],
  ['tests that all are left out', report(skipped), true],
  [
    'a file that does not load',
    { testResults: [{ status: 'failed', message: 'Transform failed', assertionResults: [] }] },
    true,
  ],
  ['no report', undefined, true],
])('%s says nothing of a bug', (_what, found, wasLoaded) => {
  expect(verdictOf(found, wasLoaded)).toMatchObject({ state: 'broken', by: expect.any(String) as string });
});

it('of cargo a failed test counts, and neither a crate that does not compile nor a filter that names no test', () => {
  const lines = (...text: string[]): string => text.join('\n');
  const result = 'test result: FAILED. 1 passed; 1 failed; 0 ignored; finished in 0.01s';
  const caught = lines('running 2 tests', 'test scan::tests::a ... ok', 'test scan::tests::b ... FAILED', '', result);
  expect(cargoVerdict(101, caught)).toEqual({ state: 'caught', by: 'scan::tests::b' });
  expect(cargoVerdict(0, lines('running 2 tests', 'test result: ok. 2 passed'))).toEqual({ state: 'survived' });
  expect(cargoVerdict(0, lines('running 0 tests', 'test result: ok. 0 passed'))).toMatchObject({ state: 'broken' });
  expect(cargoVerdict(101, 'error[E0425]: cannot find value `x`')).toMatchObject({ state: 'broken' });
  expect(cargoVerdict(137, lines('running 2 tests', 'test scan::tests::a ... ok'))).toMatchObject({ state: 'broken' });
});
