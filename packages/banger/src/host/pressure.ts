/** How short of memory this host is, or the part of it that this process may use. */
export interface MemoryPressure {
  /** Never rejects because the kernel lacks something: what it does not tell is 0, or the whole host's. */
  read(): Promise<MemoryReading>;
}

export interface MemoryReading {
  readonly totalMib: number;
  /** Without swapping; the page cache counts as far as it can be dropped */
  readonly availableMib: number;
  /** Of the last ten seconds, in which something waited for memory; 0 where the kernel does not measure it */
  readonly stalledPercent: number;
}
