import { z } from 'zod';

/** What QEMU sends on its monitor, one JSON object a line (docs/interop/qmp-spec in QEMU's source). */
const Greeting = z.object({ QMP: z.object({ version: z.unknown() }) });
const Return = z.object({ return: z.unknown(), id: z.int() });
const Failure = z.object({
  error: z.object({ class: z.string(), desc: z.string() }),
  id: z.int().optional(),
});
const Event = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() });

const Message = z.union([Greeting, Failure, Event, Return]);
export type QmpMessage = z.infer<typeof Message>;
export type QmpEvent = z.infer<typeof Event>;

export function parseQmpMessage(line: string): QmpMessage {
  return Message.parse(JSON.parse(line));
}
