/**
 * Where the curves bend, and why: written by hand. These are readings of curves and code, not yet
 * checked by profiles: check each one before it is quoted. `npm run bench:report` puts each one below its axis, in
 * docs/benchmarks.md and on the page. The numbers belong to the run that they were seen in; what is read off the newest curves is in
 * the tables beside them.
 */
export const BENDS = {
  'append-record-size':
    'Below 100 B the price is one of records, not of bytes: each needs its length, its deltas and its copy from JavaScript. From 1 KB on ' +
    'it is one of bytes: new pages of the page cache, made and filled, and the checksum. A record of 1 MB is a batch, and is copied ' +
    'once more, from the caller into the batch.',
  'append-batch-size':
    'A batch of one record costs nearly what a batch of ten does: a call, a header of 61 bytes, its checksum, the checks of the log ' +
    'and the look at the index, 2 to 3 us in all (the median of the latency). Up to 100 records a batch this is most of the time; from ' +
    '1,000 on, when a batch no longer fits into the caches next to the values, more records bring nothing.',
  'read-batch-size':
    "A cursor steps from batch to batch in JavaScript, and checks each one's header and checksum: about 4 us. That is all that is seen with one " +
    'record a batch, and nothing of it from 1,000 on.',
  'read-record-size':
    'Large records cost what their bytes cost: the copy from the page cache into a buffer, and the checksum over it.',
  'seek-segments':
    'It bends where there are more segments than files that stay open: from there on each look opens a file, reads a header, ' +
    'and closes another file. The median of the latency shows it: some us before, tens of us behind.',
  'open-segments':
    'Each segment is a name in the directory and a few system calls: nothing is seen of it below some thousands, which the ' +
    'process itself takes as long to start as; then it is linear in the number of files.',
  'append-log-size':
    'Flat while the page cache takes what is written. From about a fifth of the memory on (vm.dirty_ratio) the system makes the writer ' +
    'wait for the disk, and the curve is the speed of the disk.',
  'recover-log-size':
    'Flat while the log is in the page cache; a log about as large as the memory is read from the disk again.',
  'append-threads':
    'As many threads as cores are what helps; making pages ahead (native) and the collector (TypeScript) want a core, too.',
};
