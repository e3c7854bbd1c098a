/**
 * The works that Kafka and seglog both do, and what seglog promised as a ratio to Kafka: `least` is the promise, `aim`
 * what we are after. A side without a promise is measured all the same. `peerWork` is the peer's name of the work where it
 * has another.
 */

export const SPEED_CASES = [
  {
    name: 'append',
    work: 'append',
    targets: { native: { least: 2, aim: 3 }, ts: { least: 0.8, aim: 1.2 } },
  },
  { name: 'read', work: 'read', settings: { as: 'cursor' }, targets: { native: { least: 1.5, aim: 2.5 } } },
  { name: 'read-objects', work: 'read', settings: { as: 'records' }, targets: { native: { least: 0.5 } } },
  { name: 'seek', work: 'seek', targets: { native: { least: 2 } } },
  { name: 'append-lz4', work: 'append', compression: 'lz4', targets: { native: { least: 1.5 } } },
  {
    name: 'read-lz4',
    work: 'read',
    compression: 'lz4',
    settings: { as: 'cursor' },
    targets: { native: { least: 1.3 } },
  },
  { name: 'append-zstd', work: 'append', compression: 'zstd', targets: { native: { least: 0.95 } } },
  {
    name: 'read-zstd',
    work: 'read',
    compression: 'zstd',
    settings: { as: 'cursor' },
    targets: { native: { least: 1.2 } },
  },
  { name: 'recover', work: 'recover', targets: { native: { least: 1.5, aim: 2.5 } } },
  {
    name: 'append-idempotent',
    work: 'append',
    peerWork: 'append-idempotent',
    settings: { producer: 'idempotent' },
    targets: { native: { least: 1.5 } },
  },
  {
    name: 'append-transactional',
    work: 'append',
    peerWork: 'append-transactional',
    settings: { producer: 'transactional' },
    targets: { native: { least: 1.5 } },
  },
];
