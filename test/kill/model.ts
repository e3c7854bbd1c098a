/** What one partition may hold: exactly known after a deed, known within limits while one is under way. */
import { type Deed, type PlannedRecord, RETENTION_MS } from './plan.ts';

/** What a partition was found to hold. */
export interface Found {
  readonly start: number;
  readonly end: number;
  /** By offset, in order, from the log start on. */
  readonly records: ReadonlyMap<number, PlannedRecord>;
}

/** What a process says of a partition, before a deed and after it. */
export interface Said {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** One partition's model. */
export class PartitionModel {
  #start = 0;
  #end = 0;
  #records = new Map<number, PlannedRecord>();
  /** A cut within a batch takes it whole, and leaves the log end within it, as in Kafka: opened again it may end below. */
  #lowEnd: number | undefined;
  /** The first offset of each batch that was appended. */
  #bases: number[] = [];
  /** Offsets of records that a compaction may have dropped: a later one of their key was there. */
  #superseded = new Set<number>();
  /** Offsets of the records of open transactions, by producer: aborted, they may be dropped. */
  readonly #open = new Map<number, number[]>();
  /** Threads compact it whenever they find time. */
  readonly #isCompacted: boolean;
  /** While a deed is under way. */
  #mayStart: (offset: number) => boolean = () => false;
  #mayEnd: (offset: number) => boolean = () => false;

  constructor(isCompacted = false) {
    this.#isCompacted = isCompacted;
  }

  /** A deed has begun: from now on its outcome may be there, too. */
  begins(deed: Deed & { topic: string }, said: Said): string | undefined {
    const { offset } = said;
    if (this.#isCompacted) this.#supersede();
    const complaint = this.#complaintOfOffsets(said);
    this.#settle(said);
    if (deed.do === 'append' || deed.do === 'produce') {
      for (const [i, record] of deed.records.entries()) this.#records.set(this.#end + i, record);
      if (deed.do === 'produce' && deed.isTransactional) this.#opened(deed.producerId, deed.records.length);
      this.#bases.push(this.#end);
      const whole = this.#end + deed.records.length;
      this.#mayEnd = (end) => end === whole;
    } else if (deed.do === 'end') {
      this.#bases.push(this.#end);
      // Without a transaction nothing is done.
      const marked = this.#end + 1;
      this.#mayEnd = (end) => end === marked || end === marked - 1;
      if (deed.result === 'abort') for (const at of this.#open.get(deed.producerId) ?? []) this.#superseded.add(at);
      this.#open.delete(deed.producerId);
    } else if (deed.do === 'truncate') {
      const lowest = offset < this.#end ? this.#endBelow(offset) : this.#end;
      this.#mayEnd = (end) => end >= Math.max(this.#start, lowest) && end <= this.#end;
    } else if (deed.do === 'delete-records') {
      this.#mayStart = (start) => start === offset;
    } else if (deed.do === 'retention') {
      this.#mayStart = (start) => start >= this.#start && start <= this.#end && this.#areOld(start, deed.now);
    } else this.#supersede();
    return complaint;
  }

  /** @returns what is wrong with what the process says that it did, if anything */
  ends(what: string, said: Said): string | undefined {
    const isAppend = what === 'append' || what === 'produce' || what === 'end';
    const isDone = isAppend ? this.#mayEnd(said.end) : what !== 'delete-records' || this.#mayStart(said.start);
    const complaint = isDone ? this.#complaintOfOffsets(said) : `it says that ${what} is done: ${JSON.stringify(said)}`;
    const isCut = what === 'truncate' && said.end < this.#end;
    const base = this.#baseOf(said.end);
    if (isCut) this.#lowEnd = this.#endBelow(said.end);
    // A marker without a transaction appends nothing.
    if (isAppend && said.end > this.#end) this.#lowEnd = undefined;
    this.#settle(said);
    for (let offset = base; isCut && offset < said.end; offset++) this.#records.delete(offset);
    return complaint;
  }

  /** Takes what was found after a kill for what is there. @returns what is wrong with it, if anything */
  finds(found: Found): string | undefined {
    if (this.#isCompacted) this.#supersede();
    const complaint = this.#complaintOfOffsets(found) ?? this.#complaintOfRecords(found);
    this.#settle(found);
    for (const offset of [...this.#records.keys()]) if (!found.records.has(offset)) this.#records.delete(offset);
    return complaint;
  }

  #opened(producerId: number, count: number): void {
    const offsets = Array.from({ length: count }, (_, i) => this.#end + i);
    this.#open.set(producerId, [...(this.#open.get(producerId) ?? []), ...offsets]);
  }

  #baseOf(offset: number): number {
    return this.#bases.findLast((base) => base <= offset) ?? this.#start;
  }

  /** Where a log that is cut at `offset` comes up at the lowest: behind the last batch below that no compaction may have taken. */
  #endBelow(offset: number): number {
    const base = this.#baseOf(offset);
    const kept = [...this.#records.keys()].filter((other) => other < base && !this.#superseded.has(other));
    return Math.max(...kept.map((other) => other + 1), this.#start);
  }

  #areOld(start: number, now: number): boolean {
    return [...this.#records].every(([offset, { timestamp }]) => offset >= start || timestamp < now - RETENTION_MS);
  }

  #supersede(): void {
    const latest = new Map<string, number>();
    for (const [offset, { key }] of this.#records) if (offset < this.#end) latest.set(key, offset);
    for (const [offset, { key }] of this.#records) if (latest.get(key) !== offset) this.#superseded.add(offset);
  }

  #complaintOfOffsets({ start, end }: { start: number; end: number }): string | undefined {
    const isStart = start === this.#start || this.#mayStart(start);
    const isLowEnd = this.#lowEnd !== undefined && end >= Math.max(start, this.#lowEnd) && end < this.#end;
    if (isStart && (end === this.#end || isLowEnd || this.#mayEnd(end))) return undefined;
    return `the log goes from ${start} to ${end}; it was ${this.#start} to ${this.#end}`;
  }

  #complaintOfRecords({ start, end, records }: Found): string | undefined {
    for (const [offset, expected] of this.#records) {
      if (offset < start || offset >= end || records.has(offset) || this.#superseded.has(offset)) continue;
      return `record ${offset} is lost: ${JSON.stringify(expected)}`;
    }
    for (const [offset, record] of records) {
      const expected = this.#records.get(offset);
      if (JSON.stringify(expected) === JSON.stringify(record) && offset < end) continue;
      return `record ${offset} is ${JSON.stringify(record)}, expected ${JSON.stringify(expected)}`;
    }
    return undefined;
  }

  #settle({ start, end }: { start: number; end: number }): void {
    this.#start = start;
    this.#end = end;
    if (this.#lowEnd !== undefined && this.#lowEnd >= end) this.#lowEnd = undefined;
    this.#records = new Map([...this.#records].filter(([offset]) => offset >= start && offset < end));
    this.#bases = this.#bases.filter((base) => base < end);
    for (const [producerId, offsets] of this.#open) {
      this.#open.set(
        producerId,
        offsets.filter((offset) => offset < end),
      );
    }
    this.#superseded = new Set([...this.#superseded].filter((offset) => offset >= start && offset < end));
    this.#mayStart = this.#mayEnd = () => false;
  }
}
