import { z } from 'zod';

import { VmId } from './ids.ts';
import { StartedFrom, Timing, VmState } from './vm.ts';

/** Something that happened, sent after it was stored. `seq` counts up within one daemon (`epoch`). */
export const Event = z.object({
  seq: z.int(),
  epoch: z.string(),
  at: z.iso.datetime(),
  operation: z.string().optional(),
  body: z.discriminatedUnion('type', [
    z.object({ type: z.literal('vm.state'), vm: VmId, name: z.string(), state: VmState }),
    /** After the `vm.state` that says it runs: what it began from, and where the time went */
    z.object({
      type: z.literal('vm.started'),
      vm: VmId,
      name: z.string(),
      startedFrom: StartedFrom,
      timings: z.array(Timing),
    }),
    z.object({ type: z.literal('vm.deleted'), vm: VmId, name: z.string() }),
    z.object({ type: z.literal('vm.warning'), vm: VmId, name: z.string(), message: z.string() }),
    z.object({ type: z.literal('image.pulled'), image: z.string(), name: z.string() }),
    z.object({ type: z.literal('image.deleted'), image: z.string(), name: z.string() }),
    z.object({ type: z.literal('kernel.pulled'), kernel: z.string(), name: z.string() }),
    z.object({ type: z.literal('kernel.deleted'), kernel: z.string(), name: z.string() }),
  ]),
});
export type Event = z.infer<typeof Event>;
export type EventBody = Event['body'];
