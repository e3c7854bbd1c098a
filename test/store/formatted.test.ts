/** Directories that Kafka's storage tool has formatted, and that nothing was started on: the metadata log begins with what it wrote. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Store } from '../../src/index.ts';
import { UserScramCredentialRecord } from '../../src/message/generated/metadata-security.ts';
import { configValue, featureValue } from '../../src/metadata/image-records.ts';
import { encodeRecord } from '../../src/metadata/record.ts';
import { replayMetadata, type ReplayedMetadata } from '../../src/metadata/replay.ts';
import { printSnapshot } from '../../src/metadata/snapshot.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { filled, smallText, valuesOf } from './support.ts';

const METADATA = '/one/__cluster_metadata-0';
const BOOTSTRAP = '/one/bootstrap.checkpoint';
const VERSION = featureValue('metadata.version', 25);
const SCRAM = encodeRecord(UserScramCredentialRecord, {
  ...{ name: 'admin', mechanism: 2, salt: Buffer.from('salt'), iterations: 4096 },
  ...{ storedKey: Buffer.from('stored'), serverKey: Buffer.from('server') },
});

function formatted(...values: readonly Uint8Array[]): MemoryFileSystem {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/one');
  const meta = 'node.id=1\ndirectory.id=5p14-an-XRu9tGygZrMJaA\nversion=1\ncluster.id=6LF7qMjvSMOWQNZ2otnwJA\n';
  fs.replaceSmall('/one/meta.properties', Buffer.from(meta));
  const times = { epoch: 0, lastTimestampMs: 0, nowMs: 1_000_000 };
  fs.replaceSmall(BOOTSTRAP, printSnapshot(defaultEngine(), times, [], values));
  return fs;
}

function replayed(fs: MemoryFileSystem): ReplayedMetadata {
  return replayMetadata({ engine: defaultEngine(), fs, clock: systemClock }, METADATA, true);
}

describe('a formatted directory', () => {
  test('keeps its metadata.version, its users and its configurations', async () => {
    const fs = formatted(VERSION, SCRAM, configValue(4, '', 'min.insync.replicas', '2'));
    const before = smallText(fs, BOOTSTRAP);
    await filled(['/one'], { t: ['a'] }, { fs });
    expect(smallText(fs, BOOTSTRAP)).toBe(before);
    const { image } = replayed(fs);
    expect(Object.fromEntries(image.features)).toEqual({ 'metadata.version': 25 });
    expect([...image.kept.values()].map((value) => Buffer.from(value))).toEqual([Buffer.from(SCRAM)]);
    expect([...image.configs].map(({ values }) => [...values])).toEqual([[['min.insync.replicas', '2']]]);
    expect(image.topics.get('t')?.partitions.get(0)).toMatchObject({ directories: ['5p14-an-XRu9tGygZrMJaA'] });
    await using store = await Store.open('/one', { fs });
    expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
  });

  test('begins with the very records that the tool of Kafka 4.3 writes', async () => {
    const fs = formatted();
    fs.replaceSmall(BOOTSTRAP, readFileSync(join(FIXTURES, 'clean', 'bootstrap.checkpoint')));
    await (await Store.open('/one', { fs })).close();
    const fresh = new MemoryFileSystem();
    await (await Store.open('/one', { fs: fresh })).close();
    expect(replayed(fs).image.features).toEqual(replayed(fresh).image.features);
  });

  test('with eligible leader replicas says how many replicas must be in sync, as a new one', async () => {
    const fs = formatted(VERSION, featureValue('eligible.leader.replicas.version', 1));
    await (await Store.open('/one', { fs })).close();
    const { image } = replayed(fs);
    expect([...image.configs].map(({ values }) => [...values])).toEqual([[['min.insync.replicas', '1']]]);
  });

  test.each([
    ['of a later metadata.version', [featureValue('metadata.version', 31)], 'UNSUPPORTED_VERSION'],
    ['of a metadata.version without directory ids', [featureValue('metadata.version', 16)], 'UNSUPPORTED_VERSION'],
    ['without a metadata.version', [SCRAM], 'INVALID_RECORD'],
    ['of a later record', [VERSION, Uint8Array.of(1, 99, 0)], 'UNSUPPORTED_VERSION'],
  ])('%s is refused, and nothing is changed', async (_what, values, code) => {
    const fs = formatted(...values);
    const before = [fs.list('/one'), smallText(fs, BOOTSTRAP)];
    await expect(Store.open('/one', { fs })).rejects.toMatchObject({ code, file: BOOTSTRAP });
    expect([fs.list('/one'), smallText(fs, BOOTSTRAP)]).toEqual(before);
  });

  test('with a damaged file is refused, and nothing is changed', async () => {
    const fs = formatted(VERSION);
    fs.replaceSmall(BOOTSTRAP, Buffer.from('damaged'));
    await expect(Store.open('/one', { fs })).rejects.toMatchObject({ code: 'CORRUPT_SNAPSHOT', file: BOOTSTRAP });
    expect(fs.list('/one')).not.toContain('__cluster_metadata-0');
  });
});
