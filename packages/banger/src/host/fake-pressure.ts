import type { MemoryPressure, MemoryReading } from './pressure.ts';

export interface FakePressure extends MemoryPressure {
  /** What is read next; at first a host with plenty */
  reading: MemoryReading;
}

export function createFakePressure(): FakePressure {
  const pressure: FakePressure = {
    reading: { totalMib: 16_384, availableMib: 12_288, stalledPercent: 0 },
    read: () => Promise.resolve(pressure.reading),
  };
  return pressure;
}
