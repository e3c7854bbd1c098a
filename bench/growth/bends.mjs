/**
 * Where the curves bend, and why: written by hand, from the curves, the code and the profiles of docs/profiles that are named.
 * `npm run bench:report` puts each one below its axis, in docs/benchmarks.md and on the page. Shares are of processor time
 * (native) or of the main thread's time (TypeScript) in those profiles; what is read off the newest curves is in the tables
 * beside them.
 */
export const BENDS = {
  'append-record-size':
    "Below 100 B the price is one of records, not of bytes: putting each one into its batch (`add`) takes 19 % of the native engine's " +
    "processor time at 10 B and 35 % of the TypeScript engine's, against 12 % and 15 % at 100 B (profiles append-small-records, " +
    'append). From 1 KB on it is one of bytes, and flat: copying into new pages of the page cache and zeroing them first ' +
    '(`copy_folio_from_iter_atomic` 27 %, `memset` 8 %), and in TypeScript the checksum (24 %) and the write (20 %; ' +
    'append-large-records). A record of 1 MB is a batch.',
  'append-batch-size':
    'What a batch costs beside its records is a call of the log: some 1.5 us with the native engine and 3 us with TypeScript (the ' +
    'median of the latency), of which most is Node itself, calls into the addon included (45 %), or the system call (`writeBuffer` 89 %; ' +
    'profile append-single-batches). With 100 records a batch records begin to outweigh it; from 1,000 on more of them bring little.',
  'read-batch-size':
    'A batch costs the cursor 0.7 us beside its records, twice and more what it costs Kafka, which hands out batches and reads their ' +
    'records from the buffer by compiled code. That is nearly all of it with one record a batch; from 100 on records are the price.',
  'read-record-size':
    'Up to 1 KB records are the price; from there on bytes are: the copy from the page cache, and the checksum over it. Kafka reads ' +
    'large records without copying them out, and is faster there.',
  'seek-segments':
    'It bends between 100 and 1,000 segments, where there are more of them than files that stay open: from there on each look opens a ' +
    'file, reads a header, and closes another file. The median of the latency goes from 3 us to 40 us, and stays there.',
  'open-segments':
    'Below some thousand segments starting the process is all that is seen; then it is linear, about 22 us a segment, which is ' +
    'system calls on its files (profile open-segments).',
  'append-partitions':
    'A batch goes to another log each time, so that neither its objects nor the mapped end of its file are in the caches: the median ' +
    'goes from 7 us to 26 us with the native engine, and hardly moves with TypeScript, which calls the system for each batch anyway.',
  'append-log-size':
    'Flat while the page cache takes what is written. With 20 GiB on 24 GiB of memory the system makes the writer wait for the disk.',
  'recover-log-size':
    'The smallest logs are gone over in some hundredths of a second, in which code is compiled and threads start. Flat while the log is in the ' +
    'page cache; at 20 GiB part of it comes from the disk again.',
  'append-threads':
    'Of the run of 2026-11-22: its threads were new in each round, so that what they did first was to compile (`node` 51 %, profile ' +
    'append-threads), and those of the TypeScript engine were waited for in vain; both are mended since, and not measured again. On two cores ' +
    'there is little to win: each thread of the native engine has a helper that wants a core, too.',
};
