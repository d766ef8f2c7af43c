import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';
import type { Cells } from './cell.ts';

/** What the driver's parts need of the host. */
export interface FirecrackerHost {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly cells: Cells;
  /** Rejects with `host.tool_missing`, also of a version that does not work */
  locate(signal: AbortSignal): Promise<{ readonly binary: string; readonly version: string }>;
}
