import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchPartition } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

const T = 1_700_000_000_000;

async function values(directory: string): Promise<unknown[]> {
  return objects(await runCli(['read', directory, '--json', '--bytes', 'utf8'])).map(({ value }) => value);
}

describe('lines', () => {
  it('become records: empty ones too, and a last one without a line feed', async () => {
    const directory = scratchPartition();
    const run = await runCli(['append', directory], 'a\n\nc\r\nlast');
    expect(run).toEqual({ code: 0, stdout: 'baseOffset: 0 lastOffset: 3\n', stderr: '' });
    expect(await values(directory)).toEqual(['a', '', 'c\r', 'last']);
    expect((await runCli(['append', directory], 'more\n')).stdout).toBe('baseOffset: 4 lastOffset: 4\n');
  });

  it('keep their bytes, whatever they are', async () => {
    const directory = scratchPartition();
    await runCli(['append', directory], Buffer.from([0xff, 0x00, 0x0a, 0x1b, 0x0a]));
    expect(objects(await runCli(['read', directory, '--json', '--bytes', 'hex'])).map(({ value }) => value)).toEqual([
      'ff00',
      '1b',
    ]);
  });

  it('can be none', async () => {
    const run = await runCli(['append', scratchPartition()]);
    expect(run).toMatchObject({ code: 0, stdout: 'baseOffset: 0 lastOffset: -1\n' });
  });

  it('go to batches of --batch-records, compressed as asked', async () => {
    const directory = scratchPartition();
    const run = await runCli(['append', directory, '--batch-records', '10', '--compression', 'lz4'], 'x\n'.repeat(25));
    expect(run.code).toBe(0);
    const dump = await runCli(['dump', join(directory, '00000000000000000000.log'), '--json', '--batches-only']);
    expect(objects(dump).map(({ count, compression }) => [count, compression])).toEqual([
      [10, 'lz4'],
      [10, 'lz4'],
      [5, 'lz4'],
    ]);
  });

  it('are divided so that batches stay below max.message.bytes', async () => {
    const directory = scratchPartition();
    const line = 'x'.repeat(300_000);
    const run = await runCli(['append', directory], `${line}\n`.repeat(10));
    expect(run).toMatchObject({ code: 0, stdout: 'baseOffset: 0 lastOffset: 9\n' });
  });

  it('too long for a record are refused by number, and those before are appended', async () => {
    const directory = scratchPartition();
    const run = await runCli(
      ['append', directory, '--config', 'max.message.bytes=1000'],
      `a\n${'x'.repeat(2000)}\nb\n`,
    );
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^seglog: RECORD_TOO_LARGE: line 2 was not appended: /);
    expect(run.stdout).toBe('baseOffset: 0 lastOffset: 0\n');
  });

  it('without an end are refused before they fill the memory', async () => {
    const run = await runCli(
      ['append', scratchPartition(), '--config', 'max.message.bytes=1000'],
      Buffer.alloc(4_000_000, 'x'),
    );
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^seglog: RECORD_TOO_LARGE: line 1 is too long/);
  });

  it('are appended when stdin pauses, and a signal ends it well', async () => {
    const directory = scratchPartition();
    const append = startCli(['append', directory]);
    append.child.stdin.write('first\nunfini');
    while (!(await values(directory).catch((): unknown[] => [])).includes('first'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    append.child.kill('SIGTERM');
    const run = await append.finished;
    expect(run).toMatchObject({ code: 0, stdout: 'baseOffset: 0 lastOffset: 0\n' });
    expect(run.stderr).toBe('seglog: note: 6 bytes of an unfinished line were not appended\n');
    expect(readdirSync(directory)).toContain('.seglog_cleanshutdown');
  });
});

describe('JSON', () => {
  const records = [
    {
      key: 'k',
      value: 'v',
      headers: [
        ['h', 'x'],
        ['h', null],
        ['', ''],
      ],
      timestamp: T,
    },
    { key: null, value: null, headers: [], timestamp: T + 1 },
    { value: 'ü\u0000\n', timestamp: T + 2 },
  ];

  it.each(['base64', 'hex', 'utf8'] as const)(
    'in %s comes back as it went in, and read can be piped to append',
    async (encoding) => {
      const [first, second] = [scratchPartition(), scratchPartition()];
      const encode = (text: string | null): string | null =>
        text === null ? null : encoding === 'utf8' ? text : Buffer.from(text).toString(encoding);
      const lines = records.map((record) => {
        const line: Record<string, unknown> = { value: encode(record.value), timestamp: record.timestamp };
        if (record.key !== undefined) line['key'] = encode(record.key);
        if (record.headers !== undefined) {
          line['headers'] = record.headers.map(([name = '', content = null]) => [encode(name), encode(content)]);
        }
        return line;
      });
      const option = encoding === 'base64' ? [] : ['--bytes', encoding];
      const run = await runCli(
        ['append', first, '--json', ...option],
        lines.map((line) => JSON.stringify(line)).join('\n'),
      );
      expect(run.stderr).toBe('');
      expect(objects(run)).toEqual([{ baseOffset: 0, lastOffset: 2, records: 3 }]);
      const read = await runCli(['read', first, '--json', ...option]);
      expect(objects(read)).toEqual(
        lines.map((line, offset) => Object.assign({ offset, key: null, headers: [] }, line)),
      );
      await runCli(['append', second, '--json', ...option], read.stdout);
      expect((await runCli(['read', second, '--json', ...option])).stdout).toBe(read.stdout);
    },
  );

  it.each([
    ['no JSON', '{"value":', 'not JSON'],
    ['no object', '[]', 'expected a JSON object'],
    ['no value', '{"key":"a"}', 'no value'],
    ['a value that is no string', '{"value":1}', 'the value is neither a string nor null'],
    ['no base64', '{"value":"a b="}', 'the value is not base64'],
    ['the alphabet of URLs', '{"value":"_-__"}', 'the value is not base64'],
    ['a header without a value', '{"value":null,"headers":[["a"]]}', 'a header is not [key, value]'],
    ['a header with a null key', '{"value":null,"headers":[[null,null]]}', "a header's key is null"],
    ['an unknown member', '{"value":null,"timestmp":1}', 'unknown member "timestmp"'],
    [
      'a timestamp that is not exact',
      '{"value":null,"timestamp":9007199254740993}',
      'the timestamp is no whole number',
    ],
  ])('with %s is refused by its line, and what came before is appended and told', async (_name, line, problem) => {
    const directory = scratchPartition();
    const run = await runCli(
      ['append', directory, '--json'],
      `{"value":"YQ=="}\n{"value":"Yg=="}\n${line}\n{"value":"Yw=="}\n`,
    );
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: line 3: [^\n]*\n$/);
    expect(run.stderr).toContain(problem);
    expect(objects(run)).toEqual([{ baseOffset: 0, lastOffset: 1, records: 2 }]);
    expect(await values(directory)).toEqual(['a', 'b']);
  });

  it('with a lone surrogate is refused in utf8: it would be lost', async () => {
    const run = await runCli(['append', scratchPartition(), '--json', '--bytes', 'utf8'], '{"value":"\\ud800"}\n');
    expect(run).toMatchObject({ code: 2, stderr: 'seglog: INVALID_ARGUMENT: line 1: the value is not utf8\n' });
  });
});

describe('configs', () => {
  it("have Kafka's names", async () => {
    const directory = scratchPartition();
    const run = await runCli(
      [
        'append',
        directory,
        '--batch-records',
        '1',
        '--config',
        'segment.bytes=100',
        '--config',
        'compression.type=none',
      ],
      'a\nb\nc\n',
    );
    expect(run.code).toBe(0);
    expect(readdirSync(directory).filter((name) => name.endsWith('.log'))).toHaveLength(3);
  });

  it.each([['segment.bytes'], ['segment.bytes=x'], ['segment.bytes=1'], ['no.such.config=1'], ['=1']])(
    '%s is refused',
    async (config) => {
      const run = await runCli(['append', scratchPartition(), '--config', config]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: INVALID_(CONFIG|ARGUMENT): [^\n]+\n$/);
    },
  );
});
