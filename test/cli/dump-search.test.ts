/** `seglog dump` over directories, with ranges and filters: what goes to stdout, what to stderr, and how it exits. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FIXTURES, segments } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { objects, runCli } from './run-cli.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CLEAN = join(FIXTURES, 'clean');
const PARTITION = join(CLEAN, 'f-txn-0');
const LOG = join(PARTITION, '00000000000000000000.log');

const copyOf = (partition: string): string => {
  const path = join(scratch(), 'logs', partition);
  cpSync(join(CLEAN, partition), path, { recursive: true });
  return path;
};

/** All indexes below a directory that are empty. */
const emptyIndexes = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('index'))
    .filter((name) => statSync(join(directory, name)).size === 0);

describe('a partition directory', () => {
  it('is dumped segment by segment, each .log before its indexes, and then what belongs to none', async () => {
    const run = await runCli(['dump', '--json', PARTITION]);
    expect(run.code).toBe(0);
    const files = objects(run)
      .filter(({ type }) => type === 'segment')
      .map(({ file }) => String(file).slice(PARTITION.length + 1));
    expect(files).toEqual([
      ...['00000000000000000000.log', '00000000000000000000.index', '00000000000000000000.timeindex'],
      ...[
        '00000000000000000017.log',
        '00000000000000000017.index',
        '00000000000000000017.timeindex',
        '00000000000000000017.txnindex',
      ],
      ...['00000000000000000807.log', '00000000000000000807.index', '00000000000000000807.timeindex'],
      ...[
        '00000000000000000839.log',
        '00000000000000000839.index',
        '00000000000000000839.timeindex',
        '00000000000000000839.txnindex',
      ],
      ...[
        '00000000000000000017.snapshot',
        '00000000000000000807.snapshot',
        '00000000000000000839.snapshot',
        '00000000000000001627.snapshot',
      ],
      ...['leader-epoch-checkpoint', 'partition.metadata'],
    ]);
  });

  it('has empty indexes, as many logs do: one line tells of all of them', async () => {
    const run = await runCli(['dump', '--json', '--batches-only', CLEAN]);
    expect(run.stderr.match(/empty/g)).toHaveLength(1);
    const [, count] = /note: (\d+) of the indexes are empty\n/.exec(run.stderr) ?? [];
    expect(Number(count)).toBe(emptyIndexes(CLEAN).length);
    const index = LOG.replace('.log', '.index');
    expect((await runCli(['dump', index])).stderr).toBe(`seglog: note: ${index}: the index is empty\n`);
  });

  it('may hold other things: they are told, and never followed', async () => {
    const path = copyOf('f-txn-0');
    writeFileSync(join(path, 'notes.txt'), 'x');
    mkdirSync(join(path, 'quarantine'));
    symlinkSync(LOG, join(path, '00000000000000009999.log'));
    copyFileSync(LOG, join(path, '00000000000000000000.log.deleted'));
    const run = await runCli(['dump', '--json', '--batches-only', path]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`note: ${path}: left out, as their names say no kind of file: notes.txt\n`);
    expect(run.stderr).toMatch(/NOT_A_REGULAR_FILE: .*9999\.log/);
    expect(run.stderr).not.toContain('quarantine');
    // The link is the only one that fails; a deleted segment comes last.
    const files = objects(run)
      .filter(({ type }) => type === 'segment')
      .map(({ file }) => String(file));
    expect(files.at(-1)).toMatch(/\.log\.deleted$/);
    const searched = await runCli(['dump', '--json', '--where', 'offset>=0', path]);
    expect(searched.stderr).toContain('1 segments on their way in or out are not searched');
  });
});

describe('a log directory', () => {
  it('is dumped whole: its own files, then each partition', async () => {
    const run = await runCli(['dump', '--json', '--batches-only', CLEAN]);
    expect(run.code).toBe(0);
    const files = objects(run)
      .filter(({ type }) => type === 'segment')
      .map(({ file }) => String(file));
    for (const { path } of segments('clean')) expect(files).toContain(path);
    expect(files[0]).toBe(join(CLEAN, 'bootstrap.checkpoint'));
    expect(files).toContain(join(CLEAN, 'meta.properties'));
    expect(files.filter((file) => file.includes('quorum-state'))).toHaveLength(1);
    expect(objects(run).map(({ type }) => type)).toContain('quorum-state');
  });

  it('is searched over all partitions, and tells the files with a match alone', async () => {
    const run = await runCli(['dump', '--grep', 'k35', '--limit', '3', CLEAN]);
    expect(run.code).toBe(0);
    const headings = run.stdout.split('\n').filter((line) => line.startsWith('Dumping'));
    expect(headings.length).toBeGreaterThan(0);
    expect(run.stdout.split('\n').filter((line) => line.startsWith('| offset'))).toHaveLength(3);
    expect(run.stderr).toMatch(
      /coverage: .*3 records matched; not looked at because of --limit: what may be left of the last batch, \d+ bytes and \d+ more files\n$/,
    );
    const none = await runCli(['dump', '--key', 'nobody has this key', CLEAN]);
    expect(none.stdout).toBe('');
    expect(none.stderr).toMatch(/coverage: \d+ logs scanned, .* 0 records matched\n$/);
  });
});

describe('coverage', () => {
  const coverage = ({ stderr }: { stderr: string }): string =>
    stderr
      .split('\n')
      .filter((line) => line.includes('coverage'))
      .join('\n');

  it('is one line after a search, and there is none without', async () => {
    expect(await runCli(['dump', '--json', LOG])).toMatchObject({ stderr: '' });
    expect(await runCli(['dump', '--json', '--batches-only', LOG])).toMatchObject({ stderr: '' });
    const run = await runCli(['dump', '--json', '--where', 'isControl=true', PARTITION]);
    expect(coverage(run)).toMatch(
      /^seglog: coverage: offsets 0-1626 scanned, \d+ batches \(\d+ bytes\) in 4 files; \d+ batches ruled out by their headers, without decoding; 0 batches unreadable; \d+ records matched$/,
    );
  });

  it('counts all bytes, or says which are missing', async () => {
    const size = readFileSync(LOG).length;
    const whole = coverage(await runCli(['dump', '--key', 'x', LOG]));
    expect(whole).toContain(`(${size} bytes) in 1 files`);
    expect(whole).not.toContain('not looked at');
    const part = coverage(await runCli(['dump', '--max-bytes', '500', LOG]));
    const [, scanned, left] = /\((\d+) bytes\).*because of --max-bytes: (\d+) bytes and 0 more files/.exec(part) ?? [];
    expect(Number(scanned) + Number(left)).toBe(size);
    expect(Number(scanned)).toBeLessThanOrEqual(500);
    expect(Number(scanned)).toBeGreaterThan(0);
  });

  it('counts files that could not be read', async () => {
    const run = await runCli(['dump', '--key', 'k35', '/nowhere/00000000000000000000.log', LOG]);
    expect(run.code).toBe(2);
    expect(coverage(run)).toContain('; 1 files could not be read to their end; 1 records matched');
  });

  it('tells of a limit that ends a search within the last batch of all', async () => {
    const path = join(scratch(), '00000000000000000000.log');
    const { size, count } = objects(await runCli(['dump', '--json', LOG]))[0] as { size: number; count: number };
    expect(count).toBeGreaterThan(3);
    writeFileSync(path, readFileSync(LOG).subarray(0, size));
    const run = await runCli(['dump', '--limit', '3', path]);
    expect(coverage(run)).toMatch(
      /3 records matched; not looked at because of --limit: what may be left of the last batch, 0 bytes/,
    );
  });

  it('says what is unreadable, also in what a header rules out', async () => {
    const path = copyOf('f-none-0');
    const name = readdirSync(path).find((file) => file.endsWith('.log')) as string;
    const bytes = readFileSync(join(path, name));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(join(path, name), bytes);
    const run = await runCli(['dump', '--producer-id', '99999', join(path, name)]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('BATCH_CRC_MISMATCH');
    expect(coverage(run)).toContain('1 batches unreadable; 0 records matched');
  });
});

describe('--on-corrupt stop', () => {
  it('ends the file in front of the first finding; others are dumped', async () => {
    const path = copyOf('f-none-0');
    const log = join(path, '00000000000000000000.log');
    const whole = objects(await runCli(['dump', '--json', '--batches-only', log]));
    const third = whole[2] as { position: number };
    const bytes = readFileSync(log);
    bytes[third.position + 70] = (bytes[third.position + 70] ?? 0) ^ 1;
    writeFileSync(log, bytes);
    const skipped = await runCli(['dump', '--json', '--batches-only', log]);
    expect(objects(skipped)).toHaveLength(whole.length);
    const stopped = await runCli(['dump', '--json', '--batches-only', '--on-corrupt', 'stop', log, LOG]);
    expect(stopped.code).toBe(1);
    expect(objects(stopped).slice(1, 3)).toEqual(whole.slice(0, 2));
    expect(objects(stopped)[3]).toEqual({ type: 'segment', file: LOG });
    expect(stopped.stderr).toContain('ends at its first finding');
    const searched = await runCli(['dump', '--on-corrupt', 'stop', '--where', 'offset>=0', log]);
    expect(searched.stderr).toMatch(/not looked at because of --on-corrupt stop: \d+ bytes and 0 more files/);
  });

  it('ends an index at its first finding too', async () => {
    const path = join(scratch(), '00000000000000000000.index');
    writeFileSync(path, Buffer.concat([readFileSync(LOG.replace('.log', '.index')), Buffer.alloc(800, 1)]));
    const run = await runCli(['dump', '--on-corrupt', 'stop', path]);
    expect(run.code).toBe(1);
    expect(run.stderr.match(/CORRUPT_INDEX/g)).toHaveLength(1);
  });
});

describe('rows', () => {
  it('of CSV have a head, and a file where there are several', async () => {
    const one = await runCli(['dump', '--csv', '--limit', '1', LOG]);
    expect(one.stdout).toBe(
      'offset,timestamp,key,keyEncoding,value,valueEncoding,headers,headerEncodings\r\n0,1700000001002,k35,utf8,e ssemmet  lo,utf8,[],\r\n',
    );
    const several = await runCli(['dump', '--csv', '--columns', 'file,offset,producerId', '--limit', '1', PARTITION]);
    expect(several.stdout).toBe(`file,offset,producerId\r\n${LOG},0,4\r\n`);
    const batches = await runCli(['dump', '--csv', '--batches-only', '--limit', '1', LOG]);
    expect(batches.stdout.split('\r\n')[0]).toMatch(/^position,size,magic,baseOffset,.*,valid$/);
  });

  it('of chosen columns are text and JSON too', async () => {
    const columns = ['--columns', 'offset,compression,key', '--limit', '1'];
    expect((await runCli(['dump', ...columns, LOG])).stdout).toBe('offset: 0 compression: zstd key: k35\n');
    expect((await runCli(['dump', '--json', ...columns, LOG])).stdout).toBe(
      '{"type":"record","offset":0,"compression":"zstd","key":"azM1","keyEncoding":"base64"}\n',
    );
  });
});

describe('what is refused, with exit code 2', () => {
  it.each([
    [['--json', '--csv'], /--json and --csv/],
    [['--where', 'foo=1'], /at character 1: expected a field/],
    [['--grep', '('], /--grep: Invalid regular expression/],
    [['--bytes', 'hex', '--key', 'xyz'], /--key "xyz" is not hex/],
    [['--bytes', 'latin1'], /expected one of auto, utf8, base64, hex/],
    [['--redact', 'keys,passwords'], /expected one of keys, values, headers/],
    [['--columns', 'offset,nope'], /no column of that name.*found "nope"/],
    [['--columns', 'offset', '--batches-only'], /no column of that name for batches/],
    [['--from-offset', '1e3'], /expected a whole number/],
    [['--from-time', 'yesterday'], /expected a whole number/],
    [['--decode', 'xml'], /expected one of auto/],
    [['--on-corrupt', 'cry'], /expected one of skip, stop/],
    [['-i'], /--ignore-case goes with --grep/],
    [['--columns', 'offset,key,offset'], /asked for twice: found "offset"/],
    [['--csv', '--decode', 'string'], /--decode is for lines/],
    [['--columns', 'offset', '--decode', 'auto'], /--decode is for lines/],
    [['--throttle', '0'], /expected a whole number from 1/],
  ])('%j', async (options, message) => {
    const run = await runCli(['dump', ...options, LOG]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(message);
  });

  it('an index where rows of records are asked for', async () => {
    const run = await runCli(['dump', '--csv', LOG.replace('.log', '.index')]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toMatch(/for files of batches/);
  });
});

describe('--decode', () => {
  const OFFSETS = join(CLEAN, '__consumer_offsets-3');

  it("goes by the name of the directory, and leaves other topics' records as they are", async () => {
    const run = await runCli(['dump', '--decode', 'auto', '--limit', '1', OFFSETS]);
    expect(run.stdout).toMatch(/ key: \{"type":"2","data":\{"group":"f-group"\}\} payload: \{"version":"3",/);
    const json = await runCli(['dump', '--json', '--decode', 'auto', '--limit', '1', OFFSETS]);
    expect(objects(json).at(-1)).toMatchObject({
      key: 'AAIAB2YtZ3JvdXA=',
      decoded: { key: { type: '2', data: { group: 'f-group' } } },
    });
    const other = await runCli(['dump', '--json', '--decode', 'auto', '--limit', '1', PARTITION]);
    expect(objects(other).at(-1)).not.toHaveProperty('decoded');
  });

  it("knows KRaft's snapshots wherever they lie", async () => {
    const run = await runCli(['dump', '--json', '--decode', 'auto', join(CLEAN, 'bootstrap.checkpoint')]);
    expect(run.code).toBe(0);
    const records = objects(run).filter(({ type }) => type === 'record');
    expect(records.some((record) => 'decoded' in record)).toBe(true);
    expect(records.some((record) => 'control' in record)).toBe(true);
  });
});

describe('times', () => {
  it('may be written as dates', async () => {
    const byNumber = await runCli(['dump', '--json', '--from-time', '1700000010000', PARTITION]);
    const byDate = await runCli(['dump', '--json', '--from-time', '2023-11-14T22:13:30Z', PARTITION]);
    expect(objects(byNumber).length).toBeGreaterThan(0);
    expect(byDate.stdout).toBe(byNumber.stdout);
  });
});

describe('keys', () => {
  it('are written as --bytes says', async () => {
    const plain = await runCli(['dump', '--json', '--key', 'k35', PARTITION]);
    const hex = await runCli(['dump', '--json', '--bytes', 'hex', '--key', '6B3335', PARTITION]);
    const offsets = (run: { stdout: string; stderr: string; code: number | null }) =>
      objects(run).map(({ offset }) => offset);
    expect(offsets(plain).length).toBeGreaterThan(1);
    expect(offsets(hex)).toEqual(offsets(plain));
  });
});

it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'a file that cannot be read fails alone',
  async () => {
    const path = copyOf('f-txn-0');
    chmodSync(join(path, '00000000000000000017.log'), 0);
    const run = await runCli(['dump', '--json', path]);
    expect(run.code).toBe(2);
    expect(objects(run).length).toBeGreaterThan(100);
  },
);

it('a path that cannot be looked at fails alone', async () => {
  const run = await runCli(['dump', '--json', '--where', 'offset=0', join(LOG, '00000000000000000000.log'), LOG]);
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(/IO: .*ENOTDIR/);
  expect(run.stderr).toContain('1 files could not be read to their end; 1 records matched');
  expect(objects(run).map(({ type }) => type)).toEqual(['segment', 'batch', 'record']);
});

it.skipIf(process.platform !== 'linux')('a full disk is told once, and ends the dump', () => {
  const { status, stderr } = spawnSync(
    '/bin/sh',
    ['-c', '"$0" "$1" dump "$2" > /dev/full', process.execPath, MAIN, CLEAN],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(2);
  expect(stderr.match(/ENOSPC/g)).toHaveLength(1);
});

it('a sparse file of any size is no index that is read through', async () => {
  for (const suffix of ['.timeindex', '.txnindex']) {
    const path = join(scratch(), `00000000000000000000${suffix}`);
    const source = join(CLEAN, 'f-txn-0', `00000000000000000017${suffix}`);
    copyFileSync(source, path);
    truncateSync(path, 2 ** 40);
    const run = await runCli(['dump', '--on-corrupt', 'stop', path]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/CORRUPT_INDEX: the file is larger than an index can be.* found 1099511627776/);
  }
});

it('a throttled dump is the same', async () => {
  const size = readFileSync(LOG).length;
  const run = await runCli(['dump', '--json', '--throttle', String(size * 20), LOG]);
  expect(run.stdout).toBe((await runCli(['dump', '--json', LOG])).stdout);
});

it('nothing in a directory that is dumped is changed', async () => {
  const path = copyOf('f-txn-0');
  const list = (): string[] => readdirSync(join(path, '..'), { recursive: true }).map(String).sort();
  const before = list();
  for (const options of [[], ['--from-offset', '900'], ['--csv']]) await runCli(['dump', ...options, path]);
  expect(list()).toEqual(before);
});
