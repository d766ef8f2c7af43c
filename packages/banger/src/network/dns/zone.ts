/** The zone that names VMs. It is no top-level domain, and no resolver but ours knows it. */
export const ZONE = 'vm';

/** Never a VM's name, which has no underscore: whoever resolves it has come to this server. */
export const PROBE_NAME = `_banger.${ZONE}`;
export const PROBE_ADDRESS = '127.77.0.0';

/** Address of a VM by its name; undefined when there is no such VM or it has none yet */
export type AddressBook = (name: string) => string | undefined;

export type Found =
  | { readonly kind: 'address'; readonly address: string }
  /** The zone itself, which has no address */
  | { readonly kind: 'apex' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'elsewhere' };

/** Looks a name up, in any case and with or without a dot at its end. A name under a VM's is that VM's, too. Pure. */
export function findInZone(name: string, addressOf: AddressBook): Found {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  if (labels.pop() !== ZONE) return { kind: 'elsewhere' };
  const vm = labels.at(-1);
  if (vm === undefined) return { kind: 'apex' };
  const address = `${vm}.${ZONE}` === PROBE_NAME ? PROBE_ADDRESS : addressOf(vm);
  return address === undefined ? { kind: 'unknown' } : { kind: 'address', address };
}
