import { z } from 'zod';

/** Of a link (Linux: IFNAMSIZ is 16 with the NUL), from characters that mean nothing to any program it is given to. */
export const LinkName = z.string().regex(/^[a-z][a-z0-9-]{0,14}$/);

const MAX_UID = 0xffff_fffe;

/** What the host lets a guest do. Checked wherever it comes in: it ends in rules and on command lines. */
export const BridgePort = z.strictObject({
  tap: LinkName,
  mac: z.string().regex(/^02(?::[0-9a-f]{2}){5}$/),
  /** IPv4, without prefix length; of the bridge's subnet */
  address: z.ipv4(),
  /** Reaches others beyond the bridge, from the host's address */
  nat: z.boolean(),
  /** Neither reaches nor is reached by other VMs, unless it and they are open */
  isolated: z.boolean(),
  /** Who opens the tap; as the settings say when it is left out */
  uid: z.int().min(0).max(MAX_UID).optional(),
});
export type BridgePort = z.infer<typeof BridgePort>;
