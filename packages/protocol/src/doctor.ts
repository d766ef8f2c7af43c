import { z } from 'zod';

export const DoctorRow = z.object({
  name: z.string(),
  status: z.enum(['PASS', 'WARN', 'FAIL']),
  /** The fact that was observed */
  detail: z.string(),
  /** One line to paste */
  fix: z.string().optional(),
});
export type DoctorRow = z.infer<typeof DoctorRow>;

export const ConfigValue = z.object({
  key: z.string(),
  value: z.unknown(),
  origin: z.enum(['default', 'file', 'environment', 'host']),
  /** `file:line` or the variable's name */
  source: z.string().optional(),
});
export type ConfigValue = z.infer<typeof ConfigValue>;

export const DaemonInfo = z.object({
  version: z.string(),
  /** Content of the build and when it was made (ms since the epoch; 0 when run from source) */
  build: z.object({ id: z.string(), time: z.number() }),
  pid: z.int(),
  startedAt: z.iso.datetime(),
  /** Requests and streams under way that a restart would break */
  busy: z.int(),
  runningVms: z.int(),
  rssBytes: z.number(),
  socket: z.string(),
  logFile: z.string(),
  stateDir: z.string(),
  /** The name server for VMs: where it answers, or is to; null when it is off */
  dns: z.object({ listen: z.string(), problem: z.string().nullable() }).nullable().default(null),
});
export type DaemonInfo = z.infer<typeof DaemonInfo>;
