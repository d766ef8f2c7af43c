import { DockerfileProblem } from './problems.ts';
import type { SplitInstruction } from './split-instruction.ts';

/** What may follow an instruction; `--link` asks for a way of storing layers that makes no difference here. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  add: ['chown', 'chmod', 'link'],
  copy: ['from', 'chown', 'chmod', 'link'],
  from: ['platform'],
  healthcheck: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'],
};

/** Flags of Docker's that are understood well enough to say no. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  'run mount': 'a step sees only its own root file system; COPY what it needs',
  'run network': 'every step has the network of a VM',
  'run security': 'a step has a machine of its own, and all of it',
  'run device': 'a step has the devices of a VM',
  'copy parents': 'name each destination',
  'copy exclude': 'use .dockerignore',
  'add exclude': 'use .dockerignore',
  'add checksum': 'ADD fetches nothing; fetch and check in a RUN',
  'add keep-git-dir': 'ADD fetches nothing; clone in a RUN',
  'add unpack': 'local archives are unpacked, others are not',
};

export function refuseFlags({ keyword, flags }: SplitInstruction): void {
  for (const name of flags.keys()) {
    if (ALLOWED[keyword]?.includes(name) === true) continue;
    const why = UNSUPPORTED[`${keyword} ${name}`];
    const what = `${keyword.toUpperCase()} --${name}`;
    throw new DockerfileProblem(
      why === undefined ? `${what}: there is no such flag` : `${what} is not supported: ${why}`,
    );
  }
}
