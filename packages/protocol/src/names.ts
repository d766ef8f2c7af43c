import { z } from 'zod';

import { VM_NAME, VM_NAME_RULE } from './vm-name.ts';

/** Anything else is refused, never rewritten. */
export const VmName = z.string().regex(VM_NAME, { error: VM_NAME_RULE });
export type VmName = z.infer<typeof VmName>;

/** What a user may type for a VM: full name, full id, or a unique id prefix. */
export const Reference = z.string().min(1).max(128);

/** What a user may type for an image: a name, an id, or a reference with a registry, a tag, a digest. */
export const ImageName = z.string().min(1).max(512);
