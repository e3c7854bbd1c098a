/** Kafka's lock of a log directory, taken by Kafka's own class, and ours. */
import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { peerCommand } from '../../scripts/peer.mjs';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { firstLine, type Holder, killHolder, letGo } from '../support/lock-holder.ts';
import { scratch } from '../support/temp.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';

async function kafkaHolder(directory: string): Promise<Holder> {
  const { command, args } = peerCommand('HoldLock', [directory]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, answer: await firstLine(child) };
}

const native = defaultEngine().name === 'native';
const engines: [string, Engine][] = [['ts', createFallbackEngine()]];
if (native) engines.unshift(['native', defaultEngine()]);

await withKafka(() => {
  describe.runIf(process.platform === 'linux').each(engines)('the %s engine', (_, engine) => {
    test(
      'refuses a directory that Kafka has locked, until Kafka ends or is killed',
      async () => {
        const directory = scratch();
        for (const end of [letGo, killHolder]) {
          const kafka = await kafkaHolder(directory);
          expect(kafka.answer).toBe('held');
          await expect(engine.lockDirectory(nodeFileSystem, directory)).rejects.toMatchObject({
            code: 'LOG_LOCKED',
            file: directory,
            message: expect.stringContaining(`in use by process ${kafka.child.pid}`),
          });
          await end(kafka);
          await (await engine.lockDirectory(nodeFileSystem, directory)).release();
        }
      },
      PATIENCE_MS,
    );
  });

  test.runIf(native)(
    'Kafka refuses a directory that the native engine has locked, until it is released',
    async () => {
      const directory = scratch();
      const lock = await defaultEngine().lockDirectory(nodeFileSystem, directory);
      expect((await kafkaHolder(directory)).answer).toBe('refused');
      await lock.release();
      const kafka = await kafkaHolder(directory);
      expect(kafka.answer).toBe('held');
      await letGo(kafka);
    },
    PATIENCE_MS,
  );
});
