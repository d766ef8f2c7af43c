import type { Guest } from '../../packages/banger/src/guest/guest.ts';

export interface GuestSubject {
  readonly name: string;
  /** A guest of its own, not booted */
  readonly connect: () => Promise<Guest>;
}
