import type { Processes } from '../../host/processes.ts';

/** iproute2: ip(8) and bridge(8). */
export interface Ip {
  /** What it says, parsed and unchecked; rejects when it fails */
  json(args: readonly string[], signal: AbortSignal): Promise<unknown>;
  /** Carries the lines out in their order, up to the first that fails: then resolves with why */
  batch(lines: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  bridgeBatch(lines: readonly string[], signal: AbortSignal): Promise<string | undefined>;
}

const DEADLINE_MS = 10_000;
/** A host with thousands of links */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

export function createIp(processes: Processes): Ip {
  const run = (
    program: string,
    args: readonly string[],
    options: { readonly signal: AbortSignal; readonly stdin?: string },
  ) =>
    processes.run([program, ...args], {
      ...options,
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(DEADLINE_MS)]),
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
  const batch = async (program: string, lines: readonly string[], signal: AbortSignal) => {
    if (lines.length === 0) return undefined;
    const stdin = `${lines.join('\n')}\n`;
    const { exitCode, stderr } = await run(program, ['-batch', '-'], { signal, stdin });
    return exitCode === 0 ? undefined : explain(program, stderr);
  };
  return {
    async json(args, signal) {
      const { exitCode, stdout, stderr } = await run('ip', ['-json', ...args], { signal });
      if (exitCode !== 0) throw new Error(explain(`ip ${args.join(' ')}`, stderr));
      const answer: unknown = stdout.trim() === '' ? [] : JSON.parse(stdout);
      return answer;
    },
    batch: (lines, signal) => batch('ip', lines, signal),
    bridgeBatch: (lines, signal) => batch('bridge', lines, signal),
  };
}

function explain(program: string, stderr: string): string {
  return `"${program}" says: ${stderr.trim().replaceAll('\n', '; ') || 'nothing'}`;
}
