import { z } from 'zod';

/** RFC 1123 section 2.1: a DNS label in lower case. Anything else is refused, never rewritten. */
export const VmName = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: 'a name is 1 to 63 of a-z, 0-9 and "-", with no "-" at either end',
});
export type VmName = z.infer<typeof VmName>;

/** What a user may type for a VM: full name, full id, or a unique id prefix. */
export const Reference = z.string().min(1).max(128);
