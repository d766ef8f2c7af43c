import { layerLimits } from '../layers/layer-budget.ts';
import { Ext4Damage } from './ext4-damage.ts';

/** How much is read of a file system, whatever it says: as much as layers may have. */
export class ReadBudget {
  #items = 0;
  #textBytes = 0;

  /** An entry of a directory, or a part of a file between holes */
  count(): void {
    this.#items += 1;
    if (this.#items > layerLimits.entries) {
      throw new Ext4Damage(`it has more than ${String(layerLimits.entries)} entries`);
    }
  }

  /** Of names, targets, attributes, and of directories themselves */
  countBytes(count: number): void {
    this.#textBytes += count;
    if (this.#textBytes > layerLimits.textBytes) {
      throw new Ext4Damage(`its directories have more than ${String(layerLimits.textBytes)} bytes`);
    }
  }
}
