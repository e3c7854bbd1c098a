/** Turns: new processes one after the other, who begins changes, and one that fails stops nobody else. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runWork } from '../../../bench/harness/turns.mjs';
import { SIDES } from '../../../bench/peers/sides.mjs';
import { SECTIONS, SUITES, WORKS } from '../../../bench/works/registry.mjs';
import { scratch as newScratch } from '../../support/temp.ts';

interface Turn {
  readonly directory: string;
  readonly fixture: string;
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

interface Work {
  readonly name: string;
  readonly section: string;
  readonly base?: string | undefined;
  readonly sides: Readonly<Record<string, (turn: Turn) => Program>>;
  readonly targets: readonly { readonly side: string; readonly to?: string }[];
}

/** Node on a line of code; what it prints are its rounds. */
function node(code: string): Program {
  return { command: process.execPath, args: ['-e', code], env: {} };
}

function says(value: number): string {
  return `console.log(JSON.stringify({ speed: ${value} }))`;
}

const described = {
  name: 'a-work',
  section: 'log',
  title: 'A work',
  unit: 'records/s',
  better: 'more',
  base: 'kafka',
  targets: [],
  value: (lines: readonly { speed: number }[], warm: number) => lines.slice(warm).map(({ speed }) => speed),
};

async function run(work: object, scratch: string, turns = 2, available = {}): Promise<ReturnType<typeof runWork>> {
  const said: string[] = [];
  const options = { scratch, turns, rounds: 1, warm: 1 };
  return runWork({ ...described, ...work }, ['kafka', 'native', 'ts'], options, {
    available,
    say: (line: string) => said.push(line),
  });
}

describe('turns', () => {
  it('are taken one after the other, and who begins changes', async () => {
    const scratch = newScratch();
    const file = path.join(scratch, 'order');
    writeFileSync(file, '');
    const side = (name: string) => (): Program =>
      node(`require('fs').appendFileSync(${JSON.stringify(file)}, '${name} '); ${says(1)}; ${says(2)}`);
    await run({ sides: { kafka: side('kafka'), native: side('native'), ts: side('ts') } }, scratch, 3);
    expect(readFileSync(file, 'utf8').trim()).toBe('kafka native ts native kafka ts ts kafka native');
  });

  it('count the rounds that were warm, and find nothing of the turn before', async () => {
    const scratch = newScratch();
    const native = ({ directory }: Turn): Program =>
      node(`require('fs').mkdirSync(${JSON.stringify(directory)}); ${says(1)}; ${says(20)}; ${says(30)}; ${says(70)}`);
    const { sides } = await run({ sides: { kafka: () => node(`${says(1)}; ${says(10)}`), native } }, scratch);
    expect(sides['native']).toMatchObject({ summary: { median: 30, count: 2 }, ratio: { median: 3 } });
  });

  it('go on without a side that fails, which is named with its reason', async () => {
    const scratch = newScratch();
    const native = (): Program => node("console.error('error: no room left'); process.exit(3)");
    const ts = (): Program => node("console.log('no JSON')");
    const { sides } = await run({ sides: { kafka: () => node(`${says(1)}; ${says(4)}`), native, ts } }, scratch);
    expect(sides['kafka']).toMatchObject({ summary: { median: 4, count: 2 } });
    expect(sides['native']).toMatchObject({ reason: 'error: no room left', turns: [] });
    expect(sides['ts']).toMatchObject({ reason: expect.stringContaining('no JSON') });
  });

  it('refuse a round on another engine than the one that was asked for', async () => {
    const scratch = newScratch();
    const line = "console.log(JSON.stringify({ speed: 1, engine: 'ts' }))";
    const { sides } = await run({ sides: { native: () => node(`${line}; ${line}`) } }, scratch);
    expect(sides['native']).toMatchObject({ reason: 'ran on the engine ts' });
  });

  it('do not try what is not available', async () => {
    const scratch = newScratch();
    const native = (): Program => node('process.exit(1)');
    const { sides } = await run({ sides: { native } }, scratch, 1, { native: 'not built' });
    expect(sides['native']).toMatchObject({ reason: 'not built', turns: [] });
  });

  it('share what was made for them once', async () => {
    const scratch = newScratch();
    const fixture = (_side: string, turn: Turn): Program =>
      node(`require('fs').writeFileSync(${JSON.stringify(path.join(turn.fixture, 'made'))}, '7')`);
    const reads = ({ fixture: made }: Turn): Program =>
      node(
        `console.log(JSON.stringify({ speed: Number(require('fs').readFileSync(${JSON.stringify(path.join(made, 'made'))})) }))`,
      );
    const value = (lines: readonly { speed: number }[]): number[] => lines.map(({ speed }) => speed);
    mkdirSync(path.join(scratch, 'kept'));
    const { sides } = await run({ sides: { native: reads, ts: reads }, fixture, value, warm: 0 }, scratch);
    expect(sides['native']).toMatchObject({ summary: { median: 7, count: 2 } });
    expect(sides['ts']).toMatchObject({ summary: { median: 7, count: 2 } });
  });

  it('tell their command without a path of this machine', async () => {
    const scratch = newScratch();
    const native = ({ directory }: Turn): Program => ({ ...node(`${says(1)}; ${says(1)} // ${directory}`) });
    const { sides } = await run({ sides: { native } }, scratch, 1);
    expect(sides['native']).toMatchObject({ command: expect.stringMatching(/^node -e .*\/\/ DIR.turn$/) });
  });
});

describe('the registry', () => {
  const works: readonly Work[] = WORKS;

  it('names each work once, in a section that there is', () => {
    expect(new Set(works.map(({ name }) => name)).size).toBe(works.length);
    for (const { section } of works) expect(Object.keys(SECTIONS)).toContain(section);
  });

  it('knows every side, and promises only what sides of the work can keep', () => {
    for (const { name, sides, base, targets } of works) {
      const names = Object.keys(sides);
      expect(Object.keys(SIDES), name).toEqual(expect.arrayContaining(names));
      const mentioned = [base ?? [], ...targets.map(({ side }) => side), ...targets.map(({ to }) => to ?? [])].flat();
      expect(names, name).toEqual(expect.arrayContaining(mentioned));
    }
  });

  it('has each work in a suite of seglog next to Kafka or of the inspector', () => {
    const covered = [...SUITES.compare.works, ...SUITES.inspect.works].map(({ name }) => name);
    expect(new Set(covered)).toEqual(new Set(works.map(({ name }) => name)));
  });
});
