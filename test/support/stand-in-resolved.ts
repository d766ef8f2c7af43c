import type { Processes, RunResult } from '../../packages/banger/src/host/processes.ts';

/** In place of systemd-resolved: keeps what it is told for a link for as long as that is there, and takes nothing else. */
export interface StandInResolved {
  /** As those it was made with, with a `resolvectl` */
  readonly processes: Processes;
  /** What it was told for the link, that is asked for by name */
  said(): Promise<string>;
  revert(): Promise<void>;
}

/** What may be said of a link, in the order of its words: anything else is a mistake of the caller's. */
const VALUES: Readonly<Record<string, RegExp>> = {
  dns: /^(?:[\d.]+|\[::1\]):\d+$/,
  domain: /^~vm$/,
  'default-route': /^no$/,
  dnssec: /^no$/,
  dnsovertls: /^no$/,
};
const LINK = 'banger0';

export function createStandInResolved(processes: Processes): StandInResolved {
  /** By the number of the link, which no later one has */
  const links = new Map<string, Map<string, string>>();
  const indexOf = async (signal: AbortSignal) => {
    const show = ['ip', '-json', 'link', 'show', 'dev', LINK] as const;
    const { exitCode, stdout } = await processes.run(show, { signal });
    if (exitCode !== 0) return undefined;
    const [link] = JSON.parse(stdout) as readonly { readonly ifindex: number }[];
    return String(link?.ifindex);
  };
  const answer = async (args: readonly string[], signal: AbortSignal): Promise<RunResult> => {
    const [verb = '', link, value, ...more] = args;
    const allowed = VALUES[verb];
    const isFine = value === undefined || allowed?.test(value) === true;
    if (allowed === undefined || link !== LINK || more.length > 0 || !isFine)
      throw new Error(`nobody says resolvectl ${args.join(' ')}`);
    const index = await indexOf(signal);
    if (index === undefined) return ended(1, '', `Failed to resolve interface "${LINK}"`);
    const told = links.get(index) ?? new Map<string, string>();
    links.set(index, told);
    if (value !== undefined) told.set(verb, value);
    return ended(0, `Link ${index} (${LINK}): ${told.get(verb) ?? ''}\n`);
  };
  return {
    processes: {
      ...processes,
      run: ([program, ...args], options) =>
        program === 'resolvectl'
          ? answer(args, options.signal)
          : processes.run([program, ...args], options),
    },
    async said() {
      const told = links.get((await indexOf(AbortSignal.timeout(10_000))) ?? '');
      return JSON.stringify([...(told ?? [])].sort());
    },
    async revert() {
      links.delete((await indexOf(AbortSignal.timeout(10_000))) ?? '');
    },
  };
}

function ended(exitCode: number, stdout: string, stderr = ''): RunResult {
  return { exitCode, signal: null, stdout, stderr };
}
