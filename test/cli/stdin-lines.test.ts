import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineOptions, readLines } from '../../src/cli/stdin-lines.ts';

const options = (more: Partial<LineOptions> = {}): LineOptions => ({
  maxLineBytes: 1e9,
  pauseMs: 1000,
  signal: new AbortController().signal,
  ...more,
});

describe('lines', () => {
  it('are the same wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r'), minLength: 1 })),
        async (chunks) => {
          const got: string[] = [];
          for await (const event of readLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), options())) {
            if (event === 'pause') continue;
            expect(event.firstNumber).toBe(got.length + 1);
            got.push(...event.lines.map(String));
          }
          const wanted = chunks.join('').split('\n');
          // A last line counts only when there is something in it.
          if (wanted.at(-1) === '') wanted.pop();
          expect(got).toEqual(wanted);
        },
      ),
    );
  });

  it('are not held on to', async () => {
    const chunks = 4000;
    const line = `${'x'.repeat(1023)}\n`;
    function* endless(): Generator<Buffer> {
      for (let i = 0; i < chunks; i++) yield Buffer.alloc(64 * 1024, line);
    }
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let lines = 0;
    let turns = 0;
    for await (const event of readLines(Readable.from(endless()), options())) {
      if (event !== 'pause') lines += event.lines.length;
      // What is waited for is a later turn of the event loop, as with real input: only then can anything be collected.
      await new Promise((resolve) => setImmediate(resolve));
      if (turns++ % 100 !== 0) continue;
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(lines).toBe(chunks * 64);
    // 256 MB went through.
    expect(most).toBeLessThan(16 * 1024 * 1024);
  });

  it('end with the signal, also while nothing comes', async () => {
    const controller = new AbortController();
    const stream = new Readable({ read: () => undefined });
    stream.push('one\ntwo');
    const lines = readLines(stream, options({ signal: controller.signal, pauseMs: 5 }));
    expect(await lines.next()).toMatchObject({ value: { lines: [Buffer.from('one')] } });
    expect(await lines.next()).toEqual({ done: false, value: 'pause' });
    const last = lines.next();
    controller.abort();
    expect(await last).toEqual({ done: true, value: 3 });
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
