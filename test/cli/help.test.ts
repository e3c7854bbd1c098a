/** `seglog help` of the codes of `seglog explain`; those of findings are tested with `seglog verify`. */
import { describe, expect, it } from 'vitest';
import { REASONS, WARNINGS } from '../../src/inspect/explain/reasons.ts';
import { runCli } from './run-cli.ts';

describe('help', () => {
  it('says what a reason means, whatever the case it is written in', async () => {
    expect(await runCli(['help', 'ratio_reached'])).toMatchObject({
      code: 0,
      stdout: `RATIO_REACHED (a reason of seglog explain)\n${REASONS.RATIO_REACHED}\n`,
    });
  });

  it('says all that a code stands for', async () => {
    const both = await runCli(['help', 'FUTURE_TIMESTAMP']);
    expect(both.stdout).toContain(`FUTURE_TIMESTAMP (a reason of seglog explain)\n${REASONS.FUTURE_TIMESTAMP}\n\n`);
    expect(both.stdout).toContain(`FUTURE_TIMESTAMP (a warning of seglog explain)\n${WARNINGS.FUTURE_TIMESTAMP}\n`);
    const finding = await runCli(['help', 'SEGMENT_EMPTY']);
    expect(finding.stdout).toMatch(/^SEGMENT_EMPTY \(info\)\n/);
    expect(finding.stdout).toContain(`\n\nSEGMENT_EMPTY (a reason of seglog explain)\n${REASONS.SEGMENT_EMPTY}\n`);
  });

  it('knows no code by the name of what every object has', async () => {
    expect(await runCli(['help', 'constructor'])).toMatchObject({ code: 2, stdout: '' });
  });
});
