/** `seglog handover` and `seglog adopt`: what they print, and how they end. */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { scratch } from '../support/temp.ts';
import { runCli, startCli } from './run-cli.ts';

/** Two log directories with a topic of four partitions. */
async function directories(): Promise<string[]> {
  const root = realpathSync(scratch());
  const paths = ['a', 'b'].map((name) => join(root, name));
  for (const path of paths) mkdirSync(path);
  const dirs = paths.flatMap((path) => ['--dir', path]);
  expect(await runCli(['topics', 'create', 'events', '--partitions', '4', ...dirs])).toMatchObject({ code: 0 });
  return paths;
}

test('directories are handed over and adopted, as arguments or by --dir', async () => {
  const [a = '', b = ''] = await directories();
  const file = join(a, 'server.properties');
  const handed = await runCli([
    'handover',
    a,
    '--dir',
    b,
    '--listener',
    'kafka.example:19092',
    '--config',
    'retention.ms=1000',
  ]);
  expect(handed).toMatchObject({ code: 0, stderr: '' });
  expect(handed.stdout.split('\n').slice(1)).toEqual([
    `written: ${file}`,
    `start Apache Kafka 4.3 or newer: bin/kafka-server-start.sh ${file}`,
    '',
  ]);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('listeners=PLAINTEXT://kafka.example:19092,CONTROLLER://localhost:9093\n');
  expect(text).toContain('log.retention.ms=1000\n');
  const again = await runCli([
    'handover',
    a,
    b,
    '--listener',
    'kafka.example:19092',
    '--config',
    'retention.ms=1000',
    '--json',
  ]);
  expect(JSON.parse(again.stdout)).toEqual({
    ...{ clusterId: expect.any(String), nodeId: 1, directories: [a, b], topics: 1, partitions: 4 },
    ...{
      propertiesFile: file,
      wasWritten: false,
      differs: false,
      overridden: [],
      command: ['bin/kafka-server-start.sh', file],
    },
  });
  const adopted = await runCli(['adopt', a, b, '--json']);
  expect(JSON.parse(adopted.stdout)).toMatchObject({
    nodeId: 1,
    directories: [a, b],
    topics: 1,
    partitions: 4,
    troubled: [],
  });
  expect((await runCli(['adopt', a, b])).stdout).toMatch(
    /^adopted: cluster\.id: \S+ node\.id: 1 topics: 1 partitions: 4\n$/,
  );
}, 60_000);

test('F10: an adoption that is stopped while the store is open closes it, and it is adopted again', async () => {
  const [a = '', b = ''] = await directories();
  // Many, so that they take a while to open.
  expect(await runCli(['topics', 'create', 'many', '--partitions', '300', '--dir', a, '--dir', b])).toMatchObject({
    code: 0,
  });
  const running = startCli(['adopt', a, b]);
  while (existsSync(join(a, '.kafka_cleanshutdown')) && running.child.exitCode === null) await setTimeout(1);
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130, stdout: expect.stringContaining('adopted: ') });
  expect(await runCli(['adopt', a, b])).toMatchObject({ code: 0 });
}, 60_000);

test('a server.properties that somebody has edited is kept, and that is told', async () => {
  const [a = '', b = ''] = await directories();
  const file = join(a, 'server.properties');
  writeFileSync(file, 'num.io.threads=4\n');
  const { code, stdout, stderr } = await runCli(['handover', a, b]);
  expect({ code, line: stdout.split('\n')[1] }).toEqual({ code: 0, line: `kept: ${file}` });
  expect(stderr).toMatch(/^seglog: note: .*server\.properties says something else than would be written, and was kept/);
  expect(readFileSync(file, 'utf8')).toBe('num.io.threads=4\n');
}, 60_000);

test('all that is wrong is told, a line each, and nothing is written', async () => {
  const [a = '', b = ''] = await directories();
  mkdirSync(join(a, 'lost+found'));
  writeFileSync(join(b, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":77}');
  for (const command of ['handover', 'adopt']) {
    const { code, stdout, stderr } = await runCli([command, a, b]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^seglog: INVALID_NAME: .*lost\+found/),
      expect.stringMatching(/^seglog: DIRECTORY_MISMATCH: .*another life/),
      expect.stringMatching(/^seglog: not (?:handed over|adopted): 2 problems; nothing was changed$/),
      '',
    ]);
  }
}, 60_000);

test.each([
  [['handover'], 'no log directory is given'],
  [['adopt'], 'no log directory is given'],
  [['handover', '.', '.'], 'is given twice'],
  [['handover', '.', '--listener', 'nowhere'], 'expected host:port, found "nowhere"'],
  [['handover', '.', '--listener', 'a:0'], 'expected host:port, found "a:0"'],
  [['adopt', 'no/such/directory'], 'no/such/directory'],
] as const)('%j is refused', async (args, told) => {
  const { code, stdout, stderr } = await runCli(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(told);
});
