/** What a round counts on its way. */
export interface RoundCounts {
  mapRecords: number;
  bytesRead: number;
  bytesWritten: number;
  recordsRead: number;
  recordsKept: number;
  superseded: number;
  tombstones: number;
  keyless: number;
  discarded: number;
}

export function noCounts(): RoundCounts {
  return {
    mapRecords: 0,
    bytesRead: 0,
    bytesWritten: 0,
    recordsRead: 0,
    recordsKept: 0,
    superseded: 0,
    tombstones: 0,
    keyless: 0,
    discarded: 0,
  };
}
