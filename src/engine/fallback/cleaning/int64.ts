/** An int64 in two halves of 32 bits, which wraps as Java's and Rust's does, without a bigint for each record. */
export class Int64 {
  low = 0;
  high = 0;

  set(low: number, high: number): this {
    this.low = low | 0;
    this.high = high | 0;
    return this;
  }

  /** Takes a whole number within 2^53. */
  setNumber(value: number): this {
    return this.set(value | 0, Math.floor(value / 0x1_0000_0000));
  }

  read(view: DataView, at: number): this {
    return this.set(view.getInt32(at + 4), view.getInt32(at));
  }

  write(view: DataView, at: number): void {
    view.setInt32(at, this.high);
    view.setInt32(at + 4, this.low);
  }

  copy({ low, high }: Int64): this {
    return this.set(low, high);
  }

  add(low: number, high: number): this {
    const sum = (this.low >>> 0) + (low >>> 0);
    return this.set(sum | 0, this.high + high + (sum > 0xffffffff ? 1 : 0));
  }

  subtract(low: number, high: number): this {
    const borrow = this.low >>> 0 < low >>> 0 ? 1 : 0;
    return this.set(this.low - low, this.high - high - borrow);
  }

  isBelow({ low, high }: Int64): boolean {
    return this.high < high || (this.high === high && this.low >>> 0 < low >>> 0);
  }
}

/** The bytes that the int64 takes as a varlong. */
export function sizeOfVarlongHalves(low: number, high: number): number {
  const sign = high >> 31;
  let rest = ((low << 1) ^ sign) >>> 0;
  let top = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
  let size = 1;
  for (; top > 0 || rest >= 0x80; size++) {
    rest = ((rest >>> 7) | ((top & 0x7f) << 25)) >>> 0;
    top >>>= 7;
  }
  return size;
}

/** Writes the int64 as a varlong. @returns the position behind it */
export function writeVarlongHalves(bytes: Uint8Array, start: number, low: number, high: number): number {
  const sign = high >> 31;
  let rest = ((low << 1) ^ sign) >>> 0;
  let top = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
  let at = start;
  while (top > 0 || rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest = ((rest >>> 7) | ((top & 0x7f) << 25)) >>> 0;
    top >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
