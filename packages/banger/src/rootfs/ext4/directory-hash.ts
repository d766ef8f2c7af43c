/**
 * The hash of `dir_index`: half MD4, names as unsigned bytes (kernel, fs/ext4/hash.c). The seed is in the superblock.
 */
export type HashSeed = readonly [number, number, number, number];

const CHUNK_WORDS = 8;
const CHUNK_BYTES = 4 * CHUNK_WORDS;
const K2 = 0x5a827999;
const K3 = 0x6ed9eba1;
/** Means "the end" to who reads a directory in order of hashes */
const END = 0xffff_fffe;

/** The lowest bit is always 0: in an index it says that a block goes on with the hash of the one before. */
export function directoryHash(name: string, seed: HashSeed): number {
  const state: State = [...seed];
  for (let at = 0; at < name.length; at += CHUNK_BYTES) mix(state, wordsOf(name, at));
  const hash = (state[1] & ~1) >>> 0;
  return hash === END ? END - 2 : hash;
}

type State = [number, number, number, number];

function wordsOf(name: string, at: number): Int32Array {
  const left = name.length - at;
  const pad = Math.imul(left, 0x01010101);
  const words = new Int32Array(CHUNK_WORDS).fill(pad);
  const end = Math.min(left, CHUNK_BYTES);
  for (let index = 0; index < end; index += 1) {
    const word = index >> 2;
    const before = index % 4 === 0 ? pad : (words[word] ?? 0);
    words[word] = (before << 8) + name.charCodeAt(at + index);
  }
  return words;
}

type Mixer = (x: number, y: number, z: number) => number;
const choose: Mixer = (x, y, z) => z ^ (x & (y ^ z));
const majority: Mixer = (x, y, z) => ((x & y) + ((x ^ y) & z)) | 0;
const parity: Mixer = (x, y, z) => x ^ y ^ z;

const rounds = [
  { mixer: choose, add: 0, order: [0, 1, 2, 3, 4, 5, 6, 7], turns: [3, 7, 11, 19] },
  { mixer: majority, add: K2, order: [1, 3, 5, 7, 0, 2, 4, 6], turns: [3, 5, 9, 13] },
  { mixer: parity, add: K3, order: [3, 7, 2, 6, 1, 5, 0, 4], turns: [3, 9, 11, 15] },
] as const;

function mix(state: State, words: Int32Array): void {
  let [a, b, c, d] = state;
  for (const { mixer, add, order, turns } of rounds) {
    for (const [step, word] of order.entries()) {
      const sum = (a + mixer(b, c, d) + (words[word] ?? 0) + add) | 0;
      const turn = turns[step % 4] ?? 0;
      [a, b, c, d] = [d, (sum << turn) | (sum >>> (32 - turn)), b, c];
    }
  }
  state[0] = (state[0] + a) | 0;
  state[1] = (state[1] + b) | 0;
  state[2] = (state[2] + c) | 0;
  state[3] = (state[3] + d) | 0;
}
