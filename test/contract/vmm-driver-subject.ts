import type { MachinePlan } from '../../packages/banger/src/machine/plan.ts';
import type { SavedFiles, VmmDriver } from '../../packages/banger/src/vmm/driver.ts';

export interface VmmDriverSubject {
  readonly name: string;
  /** A driver as a fresh daemon makes it; all of them see the same host */
  readonly newDriver: () => VmmDriver;
  /** A plan of its own each time, its directories made, with a guest that idles */
  readonly newPlan: (change?: { readonly memoryMib?: number }) => Promise<MachinePlan>;
  /** Names of files that are not there yet, in a directory that is */
  readonly newSavedFiles: () => Promise<SavedFiles>;
  /** Makes a saved file one that cannot be loaded */
  readonly damage: (file: string) => Promise<void>;
  /** Whether the agent's stream opens although the guest idles; otherwise it waits for somebody there to listen */
  readonly opensUnheard: boolean;
  /** What the monitor itself says that it holds the overlay disk to, 0 for nothing; nobody has a handle of it then */
  readonly overlayLimits: (plan: MachinePlan) => Promise<{
    readonly bytesPerSecond: number;
    readonly opsPerSecond: number;
  }>;
  /** What is left of a plan's run files on the host */
  readonly runFiles: (plan: MachinePlan) => Promise<readonly string[]>;
}
