import { z } from 'zod';

import { ImageRun } from '@banger/protocol/image-config';
import { ImageId, KernelId, TemplateId, VmId } from '@banger/protocol/ids';
import { Mib } from '@banger/protocol/size';
import { NetworkName, VmSpec } from '@banger/protocol/vm';

/** Where the guest's memory is. */
export const PlanMemory = z.discriminatedUnion('kind', [
  /** In memory of the monitor's own */
  z.object({ kind: z.literal('own') }),
  /** In this file, which what the guest writes goes to: of a machine that becomes a template */
  z.object({ kind: z.literal('shared'), file: z.string() }),
  /** This file, mapped privately: what the guest writes stays with the monitor */
  z.object({ kind: z.literal('private'), file: z.string() }),
]);
export type PlanMemory = z.infer<typeof PlanMemory>;

/** What the next run begins from. */
export const PlanStart = z.object({
  /**
   * What is in the guest when its vCPUs begin. `power-on`: nothing. `t0`: an agent that waits for Boot. `t1`: a booted
   * machine that is nobody's. `saved`: this VM. `fork`: another VM, with all that ran in it.
   */
  from: z.enum(['power-on', 't0', 't1', 'saved', 'fork']),
  template: TemplateId.nullable(),
  memory: PlanMemory,
  /** Saved devices to load; null boots the kernel */
  state: z.string().nullable(),
  /** Files that the VM's disks begin as copies of; null: new ones, or those it has */
  disks: z
    .object({ overlay: z.string(), work: z.string(), overlayMib: Mib, workMib: Mib })
    .nullable(),
});
export type PlanStart = z.infer<typeof PlanStart>;

export const powerOn: PlanStart = {
  from: 'power-on',
  template: null,
  memory: { kind: 'own' },
  state: null,
  disks: null,
};

export const PlanNetwork = z
  .object({
    mode: NetworkName,
    mac: z.string().regex(/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    /** In the guest, with prefix length */
    guestAddress: z.string(),
    /** On the host's loopback, where the guest's ports answer; plans of before there was one go by the guest's address */
    hostAddress: z.ipv4().optional(),
    gateway: z.string(),
    /** None on the bridge: a guest there is told whom the host asks when it starts */
    dnsServers: z.array(z.string()),
    nat: z.boolean(),
    /** On a bridge of the host's; null in any other mode */
    bridge: z
      .object({
        name: z.string(),
        /** At most 15 bytes (Linux, IFNAMSIZ) */
        tap: z.string(),
        isolated: z.boolean(),
      })
      .nullable()
      .default(null),
  })
  .transform(({ hostAddress, ...network }) => ({
    ...network,
    hostAddress: hostAddress ?? likeTheGuests(network.guestAddress),
  }));

export type PlanNetwork = z.infer<typeof PlanNetwork>;

/** `10.77.1.2/16` → `127.77.1.2` */
function likeTheGuests(guestAddress: string): string {
  return guestAddress.replace(/^10\./, '127.').replace(/\/.*$/, '');
}

/** Every name, address and path of one VM, chosen before anything on the host changes and stored with it. */
export const MachinePlan = z.object({
  id: VmId,
  spec: VmSpec,
  /** null: its base is no image of the store's */
  imageId: ImageId.nullable(),
  /** How the image says that it is run; plans of before there was such a thing have none */
  imageRun: ImageRun.optional(),
  kernelId: KernelId,
  kernelRelease: z.string(),
  /** Who is process 1 */
  init: z.enum(['image', 'agent']),
  paths: z.object({
    /** Disks and logs; kept while the VM exists */
    dir: z.string(),
    /** Sockets and run files; kept while it runs */
    runDir: z.string(),
    kernel: z.string(),
    initrd: z.string(),
    baseDisk: z.string(),
    /** null: the kernel has everything built in */
    modulesDisk: z.string().nullable(),
    overlayDisk: z.string(),
    workDisk: z.string(),
    monitorSocket: z.string(),
    agentSocket: z.string(),
    /** The second port, for one bulk user */
    bulkSocket: z.string(),
    /** Identity of the monitor's process, JSON */
    pidFile: z.string(),
    /** Memory and devices of the suspended VM */
    savedDir: z.string(),
    snapshots: z.string(),
    /** Private ssh host key, OpenSSH format */
    hostKey: z.string(),
    consoleLog: z.string(),
    vmmLog: z.string(),
  }),
  network: PlanNetwork,
  /** /etc/machine-id: 32 hex digits */
  machineId: z.string(),
  start: PlanStart,
  /** It runs one step of an image's build: it has no work disk, no keys, and only this run */
  build: z
    .object({
      /** Read-only, between base and overlay disk; null: there is none */
      deltaDisk: z.string().nullable(),
    })
    .nullable()
    .default(null),
});
export type MachinePlan = z.infer<typeof MachinePlan>;

/** Whether the guest, when its vCPUs begin, has its root file system in place. */
export function isBooted({ from }: PlanStart): boolean {
  return from !== 'power-on' && from !== 't0';
}
