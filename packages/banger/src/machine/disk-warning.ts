import type { DiskTrouble } from '../vmm/driver.ts';

/** What somebody who looks at the VM should know of a disk that the host cannot serve. */
export function diskWarning({ disk, operation, isFull, reason }: DiskTrouble): string {
  if (isFull) {
    return `The host's file system is full, so the guest cannot ${operation} its ${disk} disk: make room (df -h; banger vm prune), then restart the VM`;
  }
  return `The host cannot ${operation} the ${disk} disk: ${reason}`;
}
