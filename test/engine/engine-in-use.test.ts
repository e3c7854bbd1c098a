import { expect, it } from 'vitest';
import { engineInfo } from '../../src/engine/select.ts';

/** Each run of the suite names its engine; a run on the other one, or on none named, would prove nothing. */
it('runs on the engine that this run of the suite asked for', (context) => {
  const wanted = process.env['SEGLOG_ENGINE'];
  if (wanted === undefined || wanted === '') {
    context.skip('SEGLOG_ENGINE is not set: a run by hand');
  }
  const { engine, io } = engineInfo();
  expect(engine).toBe(wanted);
  expect(io).toBe(process.env['SEGLOG_IO'] ?? 'auto');
});

it('runs under the version of Node that this run of the suite asked for', () => {
  const major = process.env['SEGLOG_NODE'] ?? process.versions.node.split('.')[0];
  expect(process.versions.node.split('.')[0]).toBe(major);
});
