/**
 * The most frequent hashes among any number, in bounded memory: counters for those at hand, and a floor. Who has no counter
 * had at most `floor` so far. A new counter starts at 1 with the floor as what it may lack; when all counters are taken, the
 * floor rises to the median of what they can have, and those that are not above it go (Misra and Gries, 1982; Anderson and
 * others, 2017). A merge adds what both know.
 *
 * So `count <= true count <= count + lacking` for every counter, whatever came in whatever order, and the floor is at most
 * twice the number of hashes taken, divided by the number of counters.
 */

/** How many counters there are. */
const COUNTERS = 2048;
/** A quarter is taken at most, half while merging. */
const SLOTS = 8192;
const MASK = SLOTS - 1;
/** So many counters stand for all when the median is looked for. */
const SAMPLE = 256;

/** Where a key was seen first since it has a counter: that is where its bytes can be read again. */
export interface KeyPlace {
  /** The file, by its number. */
  readonly source: number;
  /** Where the batch starts in it. */
  readonly position: number;
  /** Which record of the batch. */
  readonly record: number;
}

/** A counter. */
export interface FrequentKey extends KeyPlace {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** How many it may have had before it got a counter. */
  readonly lacking: number;
}

/** Counters in a form that crosses threads: entry `i` of each array is counter `i`. */
export interface FrequentData {
  readonly floor: number;
  readonly hashes: Int32Array;
  readonly counts: Float64Array;
  readonly lacking: Float64Array;
  readonly positions: Float64Array;
  readonly places: Int32Array;
}

/** One set of counters. */
export class FrequentKeys {
  #floor = 0;
  #live = 0;
  /** Two words a slot; both 0 where it is free. */
  readonly #hashes: Int32Array = new Int32Array(2 * SLOTS);
  readonly #counts: Float64Array = new Float64Array(SLOTS);
  readonly #lacking: Float64Array = new Float64Array(SLOTS);
  readonly #positions: Float64Array = new Float64Array(SLOTS);
  /** The file and the record. */
  readonly #places: Int32Array = new Int32Array(2 * SLOTS);

  /** What any hash may have that is not named. */
  get floor(): number {
    return this.#floor;
  }

  /** Takes a hash, which is not 0 in both words. */
  add(low: number, high: number, source: number, position: number, record: number): void {
    const slot = this.#slotOf(low, high);
    const count = this.#counts[slot] as number;
    if (count > 0) {
      this.#counts[slot] = count + 1;
      return;
    }
    if (this.#live < COUNTERS) return this.#put(slot, low, high, 1, this.#floor, source, position, record);
    this.#raiseFloor(SAMPLE);
    this.#put(this.#slotOf(low, high), low, high, 1, this.#floor, source, position, record);
  }

  /** Takes all that others took. */
  merge({ floor, hashes, counts, lacking, positions, places }: FrequentData): void {
    // Whom only one side knows may have had the other side's floor there.
    for (let slot = 0; slot < SLOTS; slot++) {
      if ((this.#counts[slot] as number) > 0) this.#lacking[slot] = (this.#lacking[slot] as number) + floor;
    }
    const before = this.#floor;
    this.#floor += floor;
    for (let at = 0; at < counts.length; at++) {
      const low = hashes[2 * at] as number;
      const high = hashes[2 * at + 1] as number;
      const slot = this.#slotOf(low, high);
      const more = counts[at] as number;
      const [source, record] = [places[2 * at] as number, places[2 * at + 1] as number];
      if ((this.#counts[slot] as number) > 0) {
        this.#counts[slot] = (this.#counts[slot] as number) + more;
        this.#lacking[slot] = (this.#lacking[slot] as number) - floor + (lacking[at] as number);
      } else {
        const may = (lacking[at] as number) + before;
        this.#put(slot, low, high, more, may, source, positions[at] as number, record);
      }
    }
    if (this.#live > COUNTERS) this.#raiseFloor(SLOTS);
  }

  get data(): FrequentData {
    const slots = this.#taken();
    const size = slots.length;
    const data = {
      floor: this.#floor,
      hashes: new Int32Array(2 * size),
      counts: new Float64Array(size),
      lacking: new Float64Array(size),
      positions: new Float64Array(size),
      places: new Int32Array(2 * size),
    };
    for (let at = 0; at < size; at++) {
      const slot = slots[at] as number;
      data.hashes[2 * at] = this.#hashes[2 * slot] as number;
      data.hashes[2 * at + 1] = this.#hashes[2 * slot + 1] as number;
      data.counts[at] = this.#counts[slot] as number;
      data.lacking[at] = this.#lacking[slot] as number;
      data.positions[at] = this.#positions[slot] as number;
      data.places[2 * at] = this.#places[2 * slot] as number;
      data.places[2 * at + 1] = this.#places[2 * slot + 1] as number;
    }
    return data;
  }

  /** At most `limit` counters, by falling count: those that surely have more than any hash without a counter. */
  top(limit: number): FrequentKey[] {
    return [...this.#taken()]
      .filter((slot) => (this.#counts[slot] as number) > this.#floor)
      .map((slot) => this.#at(slot))
      .sort((a, b) => b.count - a.count || a.low - b.low || a.high - b.high)
      .slice(0, limit);
  }

  #at(slot: number): FrequentKey {
    return {
      low: this.#hashes[2 * slot] as number,
      high: this.#hashes[2 * slot + 1] as number,
      count: this.#counts[slot] as number,
      lacking: this.#lacking[slot] as number,
      source: this.#places[2 * slot] as number,
      position: this.#positions[slot] as number,
      record: this.#places[2 * slot + 1] as number,
    };
  }

  #taken(): Int32Array {
    const slots = new Int32Array(this.#live);
    let end = 0;
    for (let slot = 0; slot < SLOTS; slot++) if ((this.#counts[slot] as number) > 0) slots[end++] = slot;
    return slots;
  }

  /** The slot that has the hash, or the free one where it belongs. */
  #slotOf(low: number, high: number): number {
    const hashes = this.#hashes;
    let slot = low & MASK;
    for (;;) {
      const foundLow = hashes[2 * slot] as number;
      const foundHigh = hashes[2 * slot + 1] as number;
      if ((foundLow === low && foundHigh === high) || (foundLow === 0 && foundHigh === 0)) return slot;
      slot = (slot + 1) & MASK;
    }
  }

  #put(
    slot: number,
    low: number,
    high: number,
    count: number,
    lacking: number,
    source: number,
    position: number,
    record: number,
  ): void {
    this.#live++;
    this.#hashes[2 * slot] = low;
    this.#hashes[2 * slot + 1] = high;
    this.#counts[slot] = count;
    this.#lacking[slot] = lacking;
    this.#positions[slot] = position;
    this.#places[2 * slot] = source;
    this.#places[2 * slot + 1] = record;
  }

  /** Raises the floor to the median of what counters can have, found among `sample` slots, and frees those not above it. */
  #raiseFloor(sample: number): void {
    this.#floor = Math.max(this.#floor, this.#median(sample));
    this.#keepAbove();
    // Few slots may speak badly for all; all of them never do.
    if (this.#live > (COUNTERS * 7) / 8) {
      this.#floor = Math.max(this.#floor, this.#median(SLOTS));
      this.#keepAbove();
    }
  }

  #median(sample: number): number {
    const found = new Float64Array(sample);
    let count = 0;
    for (let slot = 0; slot < SLOTS && count < sample; slot++) {
      const own = this.#counts[slot] as number;
      if (own > 0) found[count++] = own + (this.#lacking[slot] as number);
    }
    return found.subarray(0, count).sort()[count >>> 1] as number;
  }

  #keepAbove(): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      const count = this.#counts[slot] as number;
      if (count === 0 || count + (this.#lacking[slot] as number) > this.#floor) continue;
      this.#counts[slot] = 0;
      this.#live--;
    }
    const { hashes, counts, lacking, positions, places } = this.data;
    this.#hashes.fill(0);
    this.#counts.fill(0);
    this.#live = 0;
    for (let at = 0; at < counts.length; at++) {
      const low = hashes[2 * at] as number;
      const high = hashes[2 * at + 1] as number;
      const [source, record] = [places[2 * at] as number, places[2 * at + 1] as number];
      const slot = this.#slotOf(low, high);
      const position = positions[at] as number;
      this.#put(slot, low, high, counts[at] as number, lacking[at] as number, source, position, record);
    }
  }
}
