/** What is given to the output reaches the stream: all of it, in order, no faster than it is taken. */
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';

/** A reader that takes its time, and looks at what it got only then. */
class SlowStream extends Writable {
  readonly taken: Buffer[] = [];
  waiting = 0;

  constructor() {
    super({ highWaterMark: 16 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.waiting += 1;
    setImmediate(() => {
      this.taken.push(Buffer.from(chunk));
      this.waiting -= 1;
      done();
    });
  }
}

const SIZES = [0, 1, 100, 1000, 30_000, 65_535, 65_536, 90_000, 262_143, 262_144, 262_145, 300_000];
const piece = fc.oneof(
  fc.record({
    text: fc.constantFrom('a', 'ü', '\u2028', '\u{1f600}'),
    times: fc.oneof(fc.constantFrom(...SIZES), fc.nat(200)),
    isBytes: fc.boolean(),
  }),
);

test('text and bytes of any size come out in order, though the bytes are overwritten once they are waited for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const stream = new SlowStream();
      const output = new Output(stream);
      const expected: Buffer[] = [];
      for (const { text, times, isBytes } of pieces) {
        const data = Buffer.from(text.repeat(times));
        expected.push(Buffer.from(data));
        await output.write(isBytes ? data : data.toString());
        data.fill('!');
      }
      await output.flush();
      expect(Buffer.concat(stream.taken).equals(Buffer.concat(expected))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('text that is not waited for comes out in order too', async () => {
  const stream = new SlowStream();
  const output = new Output(stream);
  const texts = Array.from({ length: 200 }, (_, i) => `${i}:${'x'.repeat(5000)}\n`);
  for (const text of texts) void output.write(text);
  await output.flush();
  expect(Buffer.concat(stream.taken).toString()).toBe(texts.join(''));
});

test('little is gathered, much is waited for until it is written', async () => {
  const stream = new SlowStream();
  const output = new Output(stream);
  expect(output.write('few')).toBeUndefined();
  expect(output.write(Buffer.alloc(1000))).toBeUndefined();
  expect(stream.taken).toEqual([]);
  for (const data of ['x'.repeat(140_000), Buffer.alloc(70_000)]) {
    const written = output.write(data);
    expect(written).toBeInstanceOf(Promise);
    await written;
    expect(stream.waiting).toBe(0);
  }
  expect(Buffer.concat(stream.taken)).toHaveLength(3 + 1000 + 210_000);
});

function failing(code: string): Output {
  const error = Object.assign(new Error('no'), { code });
  return new Output(new Writable({ write: (_chunk, _encoding, done) => done(error) }));
}

test('a reader that has gone is no failure, anything else is', async () => {
  const left = failing('EPIPE');
  await left.write('x'.repeat(200_000));
  await new Promise(setImmediate);
  expect(left.closed).toBe(true);
  await left.write(Buffer.alloc(100_000));
  await left.flush();
  const broken = failing('EIO');
  await broken.write('x'.repeat(200_000))?.catch(() => undefined);
  await new Promise(setImmediate);
  expect(() => broken.closed).toThrow('the output could not be written: no');
  await expect(broken.flush()).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
});
