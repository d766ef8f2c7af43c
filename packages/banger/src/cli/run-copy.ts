import { BangerError } from '@banger/protocol/errors';
import type { VmFiles } from '@banger/sdk';

import type { Context } from './command.ts';
import type { Copy } from './copy-operands.ts';

export interface CopyFlags {
  readonly followLink: boolean;
  readonly maxEntries: number | undefined;
  /** Bytes */
  readonly maxSize: number | undefined;
}

/** Does one copy, with a stage on stderr for as long as it takes. */
export async function runCopy(copy: Copy, flags: CopyFlags, context: Context): Promise<number> {
  const { out, world, connect } = context;
  refuseTerminal(copy, context);
  const { vms } = await connect();
  const since = world.monotonicMs();
  const stage = { name: 'copy', text: `Copying ${describe(copy)}` };
  out.stage(stage);
  const result = await carryOut(copy, vms.files(copy.vm), { flags, context });
  out.stage({ ...stage, ms: world.monotonicMs() - since });
  if (result !== undefined) await out.result([], result);
  return 0;
}

/** What `--json` shows; nothing when stdout is the archive. */
async function carryOut(
  copy: Copy,
  files: VmFiles,
  { flags, context }: { readonly flags: CopyFlags; readonly context: Context },
): Promise<object | undefined> {
  const { out, world, work } = context;
  const { followLink: follow, maxEntries, maxSize } = flags;
  const onSkipped = (name: string) => out.warn(`left out "${name}": it is a socket`);
  const options = { ...work, follow, onSkipped };
  const entries = maxEntries === undefined ? {} : { entries: maxEntries };
  const limits = { ...entries, ...(maxSize === undefined ? {} : { bytes: maxSize }) };
  switch (copy.kind) {
    case 'in':
      return files.put(copy.from, copy.path, options);
    case 'out':
      return { path: await files.get(copy.path, copy.to, { ...options, limits }) };
    case 'in-stream':
      return files.putArchive(world.stdin, copy.path, work);
    case 'out-stream':
      for await (const chunk of files.getArchive(copy.path, options)) await out.bytes(chunk);
      return undefined;
  }
}

/** An archive is nothing that somebody types or reads. */
function refuseTerminal({ kind, vm }: Copy, { world }: Context): void {
  if (kind === 'in-stream' && world.stdin.isTTY === true) {
    throw new BangerError('usage.invalid', 'Cannot read an archive from a terminal', {
      hint: `tar -c DIR | banger vm cp - ${vm}:/root`,
    });
  }
  if (kind === 'out-stream' && world.stdout.isTTY === true) {
    throw new BangerError('usage.invalid', 'Cannot write an archive to a terminal', {
      hint: `banger vm cp ${vm}:/root - > root.tar`,
    });
  }
}

function describe(copy: Copy): string {
  const guest = `${copy.vm}:${copy.path}`;
  switch (copy.kind) {
    case 'in':
      return `${copy.from} to ${guest}`;
    case 'out':
      return `${guest} to ${copy.to}`;
    case 'in-stream':
      return `an archive to ${guest}`;
    case 'out-stream':
      return `${guest} to an archive`;
  }
}
