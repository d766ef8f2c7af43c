import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';

/** What the driver's parts need of the host. */
export interface QemuHost {
  readonly processes: Processes;
  readonly clock: Clock;
  /** Rejects with `host.tool_missing` */
  locate(signal: AbortSignal): Promise<{ readonly binary: string; readonly version: string }>;
}
