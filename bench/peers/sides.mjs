/**
 * Who is compared: name, and how each is used. Each is used as its documentation recommends for throughput, with the
 * durability that the work says. `short` is for a chart's legend.
 */
export const SIDES = {
  kafka: {
    title: "Apache Kafka's engine",
    short: 'Kafka',
    kind: 'kafka',
    how: 'UnifiedLog in process, on a warm JVM (bench/peer)',
  },
  native: {
    title: 'seglog, native',
    short: 'native',
    kind: 'native',
    how: 'the Rust engine, through the public interface',
  },
  ts: {
    title: 'seglog, TypeScript',
    short: 'TypeScript',
    kind: 'ts',
    how: 'the TypeScript engine, through the same interface',
  },
  'native-before': { title: 'seglog before, native', kind: 'native', how: 'the older version that --before names' },
  'ts-before': { title: 'seglog before, TypeScript', kind: 'ts', how: 'the older version that --before names' },
  lmdb: {
    title: 'lmdb',
    kind: 'node',
    how: 'lmdb-js: uint32 keys in order, put with `append` in one transaction a batch; noSync and overlappingSync off where nothing is promised, else put and `flushed`',
  },
  sqlite: {
    title: 'better-sqlite3',
    kind: 'node',
    how: 'WAL, one prepared insert, a transaction a batch; synchronous OFF where nothing is promised, else FULL',
  },
  level: {
    title: 'classic-level',
    kind: 'node',
    how: 'LevelDB: 8-byte big-endian keys, a `batch` of puts a batch, `nextv` and `getSync` to read; no compression; `sync` where the disk is waited for',
  },
  stream: {
    title: 'plain file stream',
    kind: 'node',
    how: 'createWriteStream, length and value, one write a batch, `drain` waited for; createReadStream of 1 MiB; no checksum, no index',
  },
  ndjson: {
    title: 'NDJSON, fs append',
    kind: 'node',
    how: 'one JSON object a line, a writeSync a batch to a file opened for appending; readline and JSON.parse',
  },
  commitlog: {
    title: 'commitlog (Rust)',
    kind: 'rust',
    how: 'the crate from Rust, no Node: a MessageBuf a batch, reads of 1 MiB, CRC-32C and an index entry for each message',
  },
  copy: {
    title: 'limit: copy to a mapping',
    kind: 'limit',
    how: '1 MiB copies into a fresh mapping of an allocated file, no log around them',
  },
  populated: {
    title: 'copy to pages that are there',
    kind: 'limit',
    how: 'the same into pages made before: no limit to last, since somebody has to make them',
  },
  point: {
    title: 'limit: pread of headers',
    kind: 'limit',
    how: 'pread(2) of 61 bytes at random places of a file in the page cache',
  },
  rewrite: {
    title: 'limit: read all, write a fifth',
    kind: 'limit',
    how: 'pread(2) of 1 MiB, and write(2) of a fifth of it',
  },
  rename: { title: 'limit: rename', kind: 'limit', how: 'rename(2) of as many files, one after the other' },
  unlink: { title: 'limit: unlink', kind: 'limit', how: 'unlink(2) of as many empty files, one after the other' },
  cat: { title: 'limit: pread', kind: 'limit', how: 'a process that does pread(2) of 1 MiB of the file to its end' },
  write: { title: 'limit: write', kind: 'limit', how: 'write(2) of 1 MiB to a new file' },
  pread: { title: 'limit: pread', kind: 'limit', how: 'pread(2) of 1 MiB of a file in the page cache' },
  fdatasync: { title: 'limit: fdatasync', kind: 'limit', how: 'one write(2) and one fdatasync(2), again and again' },
};
