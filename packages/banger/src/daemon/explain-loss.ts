import { BangerError } from '@banger/protocol/errors';

import type { VmRecord } from '../machine/record.ts';
import type { ExecOrder } from './exec-order.ts';

/**
 * What broke off knows neither the command nor the VM, nor that the VM is what ended, nor why the command was to run where
 * it was; other errors stay as they are.
 */
export async function explainLoss(
  error: BangerError,
  { vm, request }: Pick<ExecOrder, 'vm' | 'request'>,
): Promise<BangerError> {
  if (isWorkspaceGone(error, vm.record)) return workspaceGone(error, vm.record.name);
  const isLoss = error.code === 'guest.unreachable' || error.code === 'guest.protocol';
  if (!isLoss && error.code !== 'vm.ended') return error;
  const { name, state } = vm.record;
  if (state.name === 'suspending' || state.name === 'suspended') {
    return new BangerError(
      'vm.ended',
      `Cannot finish "${request.argv[0] ?? ''}" in VM "${name}": the VM was suspended meanwhile`,
      { cause: error, hint: `banger vm start ${name}` },
    );
  }
  const hasEnded = await vm.hasEnded();
  const [program = ''] = request.argv;
  return new BangerError(
    hasEnded ? 'vm.ended' : error.code,
    `Cannot finish "${program}" in VM "${name}": ${hasEnded ? 'the VM ended' : asClause(error.message)}`,
    { cause: error, hint: `banger vm logs ${name}`, details: error.details },
  );
}

/** Commands run there without having been told to, so a way out that is itself a command in it would be none. */
function isWorkspaceGone({ details }: BangerError, { workspace }: VmRecord): boolean {
  return workspace !== null && details['cwd'] === workspace.guestPath;
}

function workspaceGone({ code, message }: BangerError, vm: string): BangerError {
  return new BangerError(code, message, {
    hint: `banger vm workspace prepare ${vm}   # or, to run somewhere else: --cwd /root`,
  });
}

function asClause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
