/**
 * Control records: what a batch with the control bit says, in its records' keys and values.
 *
 *     key     0         2      4        value of a marker   0         2                  6
 *             +---------+------+                            +---------+------------------+
 *             | version | type |                            | version | coordinatorEpoch |
 *             +---------+------+                            +---------+------------------+
 *               int16     int16                               int16     int32
 *
 * A version below 0 makes the record invalid; one above 0 is read as 0, and more bytes may follow. Types that are not known
 * are passed over.
 *
 * Source: spec 1.3, Kafka's `ControlRecordType` and `EndTransactionMarker`.
 */
const KEY = { VERSION: 0, TYPE: 2, SIZE: 4 } as const;
const MARKER = { VERSION: 0, COORDINATOR_EPOCH: 2, SIZE: 6 } as const;

/** The types of control records. Newer Kafkas have more of them. */
export const CONTROL_TYPES = {
  abort: 0,
  commit: 1,
  leaderChange: 2,
  snapshotHeader: 3,
  snapshotFooter: 4,
  kraftVersion: 5,
  kraftVoters: 6,
} as const;

/** How a transaction ended, and the epoch of the coordinator that said so. */
export interface EndTransactionMarker {
  readonly type: 'commit' | 'abort';
  readonly coordinatorEpoch: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The type in a control record's key, whether it is known or not; undefined for a key that is none. */
export function controlTypeOf(key: Uint8Array): number | undefined {
  if (key.length < KEY.SIZE) return undefined;
  const view = viewOf(key);
  return view.getInt16(KEY.VERSION) < 0 ? undefined : view.getInt16(KEY.TYPE);
}

/** The marker in a control record; undefined when it is another control record, or cannot be decoded. */
export function readEndTransactionMarker(
  key: Uint8Array | null,
  value: Uint8Array | null,
): EndTransactionMarker | undefined {
  if (key === null || value === null || value.length < MARKER.SIZE) return undefined;
  const type = controlTypeOf(key);
  if (type !== CONTROL_TYPES.abort && type !== CONTROL_TYPES.commit) return undefined;
  const view = viewOf(value);
  if (view.getInt16(MARKER.VERSION) < 0) return undefined;
  return {
    type: type === CONTROL_TYPES.commit ? 'commit' : 'abort',
    coordinatorEpoch: view.getInt32(MARKER.COORDINATOR_EPOCH),
  };
}

/** The key of a marker: 4 bytes. */
export function endTransactionMarkerKey(type: EndTransactionMarker['type']): Uint8Array {
  const key = new Uint8Array(KEY.SIZE);
  viewOf(key).setInt16(KEY.TYPE, CONTROL_TYPES[type]);
  return key;
}

/** The value of a marker: 6 bytes. */
export function endTransactionMarkerValue(coordinatorEpoch: number): Uint8Array {
  const value = new Uint8Array(MARKER.SIZE);
  viewOf(value).setInt32(MARKER.COORDINATOR_EPOCH, coordinatorEpoch);
  return value;
}
