import { availableParallelism, cpus, release, totalmem } from 'node:os';

import { chooseAccelerator } from '../packages/banger/src/vmm/accelerator.ts';
import { probeAccelerator } from '../packages/banger/src/vmm/probe-accelerator.ts';
import { runToEnd } from '../test/support/run-to-end.ts';

/** The kind of machine, in one line: numbers of two machines are compared by nobody who reads it. */
export async function describeMachine(): Promise<string> {
  const facts = { ...(await probeAccelerator()), failedBefore: false };
  const { accel } = chooseAccelerator('auto', facts);
  const { stdout } = await runToEnd(['qemu-system-x86_64', '--version'], {});
  const qemu = /version (\S+)/.exec(stdout)?.[1] ?? 'of unknown version';
  return [
    cpus()[0]?.model ?? 'unknown CPU',
    `${String(availableParallelism())} CPUs`,
    `${String(Math.round(totalmem() / 2 ** 30))} GiB`,
    accel,
    `QEMU ${qemu}`,
    `Node ${process.versions.node}`,
    `Linux ${release()}`,
  ].join(', ');
}
