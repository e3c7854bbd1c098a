/** Row F24 of the fault list: two processes that want the log directories of one store. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../../src/engine/select.ts';
import { Log, Store, StoreReader } from '../../../src/index.ts';
import { firstLine } from '../../support/lock-holder.ts';
import { scratch } from '../../support/temp.ts';
import { filled, textIn, valuesOf } from '../support.ts';

const DIST = new URL('../../../dist/index.js', import.meta.url).href;
const ENGINES = defaultEngine().name === 'native' ? (['native', 'ts'] as const) : (['ts'] as const);

/** Opens a store, appends a record, says how that went, and holds on until the input ends. */
const HOLDER = `
  const { Store } = await import('${DIST}');
  let store;
  try {
    store = await Store.open(process.argv.slice(1));
    await store.partition('t', 0).append({ value: 'theirs' });
    process.stdout.write('held\\n');
  } catch (error) {
    process.stdout.write(error.code + '\\n');
  }
  if (store !== undefined) {
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.on('end', resolve));
    await store.close();
  }
`;

async function holder(
  directories: readonly string[],
  engine: string,
): Promise<{ child: ChildProcess; answer: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, ...directories], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SEGLOG_ENGINE: engine },
  });
  return { child, answer: await firstLine(child) };
}

describe.each(ENGINES)('F24: another process, on the %s engine, has the store open', (engine) => {
  test('a store over any of its directories is refused by name, also by a link, and so is a log in it', async () => {
    const [first, second, other] = [scratch(), scratch(), scratch()];
    await filled([first, second], { t: ['a'] });
    await filled([other], { x: ['b'] });
    const { child, answer } = await holder([first, second], engine);
    expect(answer).toBe('held');
    const link = join(scratch(), 'link');
    symlinkSync(second, link);
    for (const directories of [[first, second], [second], [link]]) {
      await expect(Store.open(directories)).rejects.toMatchObject({
        ...{ code: 'LOG_LOCKED', action: expect.stringMatching(/./) as string },
        file: directories[0] === first ? first : second,
      });
    }
    await expect(Log.open(join(first, 'y-0'))).rejects.toMatchObject({ code: 'LOG_LOCKED', file: first });
    {
      using reader = StoreReader.open([first, second]);
      expect(reader.partition('t', 0)).toMatchObject({ logEndOffset: 2 });
    }
    const gone = once(child, 'exit');
    child.stdin?.end();
    await gone;
    await using store = await Store.open([first, second]);
    expect(store.partition('t', 0).status().recovery, 'closed clean').toBeUndefined();
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a', 'theirs']);
  });

  test('and is killed: the locks are free at once, and its records are there', async () => {
    const [first, second] = [scratch(), scratch()];
    await filled([first, second], { t: ['a'] });
    const { child, answer } = await holder([first, second], engine);
    expect(answer).toBe('held');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await using store = await Store.open([first, second]);
    expect(store.partition('t', 0).status().recovery, 'stopped hard').toBeDefined();
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a', 'theirs']);
    expect(store.status()).toMatchObject({ troubled: [], problems: [] });
  });
});

test('F24: two processes that open two new directories in two orders make one store of them, or none', async () => {
  const [first, second] = [scratch(), scratch()];
  const made = `
    const { Store } = await import('${DIST}');
    for (let i = 0; i < 20; i++) {
      try {
        const store = await Store.open(process.argv.slice(1));
        await store.close();
      } catch (error) {
        if (error.code !== 'LOG_LOCKED') process.stdout.write(error.code + ' ');
      }
    }
    process.stdout.write('done\\n');
  `;
  const answers = [
    [first, second],
    [second, first],
  ].map((directories) =>
    firstLine(
      spawn(process.execPath, ['--input-type=module', '-e', made, ...directories], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    ),
  );
  expect(await Promise.all(answers)).toEqual(['done', 'done']);
  await (await Store.open([first, second])).close();
  const clusters = [first, second].map(
    (directory) => /cluster\.id=(.*)/.exec(textIn(directory, 'meta.properties'))?.[1],
  );
  expect(clusters[0]).toBe(clusters[1]);
});
