/** What a new cluster's metadata log begins with, as Kafka 4.3's storage tool, its controller and its broker write it. */
import type { Engine } from '../engine/contract.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { RegisterBrokerRecord } from '../message/generated/metadata-nodes.ts';
import type { Offset } from '../units/units.ts';
import { ELIGIBLE_REPLICAS, hasDirectories, NEW_CLUSTER_FEATURES } from './features.ts';
import { MetadataImage, RESOURCE_TYPES } from './image.ts';
import { configValue, featureValue } from './image-records.ts';
import { decodeRecord, encodeRecord } from './record.ts';
import { placed, readSnapshot } from './snapshot.ts';

/** The name of the transaction that they are in. */
export const BOOTSTRAP: string = 'Bootstrap records';
const MIN_IN_SYNC = 'min.insync.replicas';
const ACTION =
  'Nothing was changed. Start the Kafka on the directory that has formatted it, once; or move the file away: the log then begins as a new one';

/** What it begins with. */
export interface Bootstrap {
  /** The records of `bootstrap.checkpoint`. */
  readonly values: readonly Uint8Array[];
  readonly image: MetadataImage;
}

/** That of a cluster of which nothing is known. */
export function newBootstrap(): Bootstrap {
  const values = NEW_CLUSTER_FEATURES.map(([name, level]) => featureValue(name, level));
  const image = new MetadataImage();
  for (const value of values) image.apply(decodeRecord(value));
  return { values, image };
}

/**
 * What Kafka's storage tool has written, or a store whose metadata log is gone; undefined where there is no such file.
 *
 * @throws SeglogError with the file: `CORRUPT_SNAPSHOT`; `UNSUPPORTED_VERSION` for records that are not known, or a `metadata.version`
 * without directory ids; `INVALID_RECORD`; `IO`
 */
export function readBootstrap(fs: FileSystem, engine: Engine, file: string): Bootstrap | undefined {
  if (fs.stat(file) === undefined) return undefined;
  const values: Uint8Array[] = [];
  const image = new MetadataImage();
  readSnapshot(fs, engine, file, {
    control: () => undefined,
    record: (value, place) => {
      try {
        image.apply(decodeRecord(value));
      } catch (error) {
        throw placed(error, place, ACTION);
      }
      values.push(Buffer.from(value));
    },
  });
  const { metadataVersion } = image;
  if (metadataVersion !== undefined && hasDirectories(metadataVersion)) return { values, image };
  const code = metadataVersion === undefined ? 'INVALID_RECORD' : 'UNSUPPORTED_VERSION';
  throw new SeglogError(code, 'a metadata log cannot begin with this file', {
    ...{ file, expected: 'a metadata.version from 3.7-IV2 on', found: metadataVersion ?? 'none', action: ACTION },
  });
}

/** The records that the log begins with: with eligible leader replicas a cluster says how many replicas must be in sync. */
export function firstRecords({ values, image }: Bootstrap): readonly Uint8Array[] {
  const isSaid = [...image.configs].some(
    ({ resourceType, resourceName, values: said }) =>
      resourceType === RESOURCE_TYPES.broker && resourceName === '' && said.has(MIN_IN_SYNC),
  );
  if (isSaid || (image.features.get(ELIGIBLE_REPLICAS) ?? 0) === 0) return values;
  return [...values, configValue(RESOURCE_TYPES.broker, '', MIN_IN_SYNC, '1')];
}

/** The node as it is registered: its one broker, which is not running now. */
export interface Registration {
  readonly brokerId: number;
  /** A random uuid: it stands for one life of a broker. */
  readonly incarnationId: string;
  /** `directory.id`s. */
  readonly logDirs: readonly string[];
}

/**
 * The record that registers the broker. Its epoch is the record's own offset, and stands in the marks of a clean stop: by that a
 * broker that starts is known to be the one that stopped, and leads again what it has led.
 */
export function registerBroker(registration: Registration, offset: Offset): Uint8Array {
  const broker: RegisterBrokerRecord = {
    ...registration,
    brokerEpoch: offset,
    ...{ isMigratingZkBroker: false, endPoints: [], features: [], rack: null },
    ...{ fenced: true, inControlledShutdown: false, cordonedLogDirs: null },
  };
  return encodeRecord(RegisterBrokerRecord, broker, 3);
}
