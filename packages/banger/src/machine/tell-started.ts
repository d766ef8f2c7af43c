import type { MachineDeps } from './machine-deps.ts';
import type { VmRecord } from './record.ts';

/** Into the log and to whoever follows the events: what a start began from, and where its time went. */
export function tellStarted(
  { id, name, purpose, startedFrom, timings }: VmRecord,
  { emit }: Pick<MachineDeps, 'emit'>,
  operation: string,
): void {
  if (purpose !== 'user' || startedFrom === null) return;
  emit({ type: 'vm.started', vm: id, name, startedFrom, timings }, operation);
}
