import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';
import type { Cells } from './cell.ts';

/** What the driver's parts need of the host. */
export interface FirecrackerHost {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly cells: Cells;
  /** What its start, and each request of a launch, may take. A start takes 60 ms and a load 20 ms. */
  readonly patienceMs: number;
  /** Rejects with `host.tool_missing`, also of a version that does not work */
  locate(signal: AbortSignal): Promise<{ readonly binary: string; readonly version: string }>;
}
