import { formatBytes } from '@banger/protocol/size-text';
import type { PreparedWorkspace, WorkspaceSource } from '@banger/sdk';

import type { Context } from './command.ts';

/** Shows the shipping as a stage with its time. */
export async function asShipStage(
  { files, repository }: WorkspaceSource,
  { out, world }: Pick<Context, 'out' | 'world'>,
  work: () => Promise<PreparedWorkspace>,
): Promise<PreparedWorkspace> {
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const count = files.length === 1 ? '1 file' : `${String(files.length)} files`;
  const text = `Shipping ${repository.topLevel} (${count}, ${formatBytes(bytes)})`;
  const stage = { name: 'ship', text };
  const begin = world.monotonicMs();
  out.stage(stage);
  const prepared = await work();
  out.stage({ ...stage, ms: world.monotonicMs() - begin });
  return prepared;
}
