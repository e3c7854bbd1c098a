/** What the demo appends: readings of sensors, a thousand different ones in turn, one each millisecond. */
import type { Engine } from '../../engine/contract.ts';
import { seededRandom } from '../random.ts';

const READING_COUNT = 1024;
const SENSORS = 64;
const ROOMS = ['hall', 'office', 'kitchen', 'server room', 'cellar', 'attic'] as const;

/** A reading, ready to append, and what its value must read back as. */
export interface Reading {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly valueCrc: number;
}

/** The readings. Record `i` of the demo's log holds reading `i % length`. */
export function makeReadings(engine: Engine): readonly Reading[] {
  const random = seededRandom(1);
  const text = new TextEncoder();
  return Array.from({ length: READING_COUNT }, (_, i) => {
    const sensor = `sensor-${String(i % SENSORS).padStart(2, '0')}`;
    const celsius = (15 + random() * 15).toFixed(2);
    const humidity = (30 + random() * 40).toFixed(1);
    const room = ROOMS[Math.floor(random() * ROOMS.length)];
    const value = text.encode(
      `{"sensor":"${sensor}","room":"${room}","celsius":${celsius},"humidity":${humidity},"battery":"ok"}`,
    );
    return { key: text.encode(sensor), value, valueCrc: engine.crc32c(value, 0, value.length) };
  });
}
