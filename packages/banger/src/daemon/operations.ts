import { BangerError } from '@banger/protocol/errors';
import type { OperationId } from '@banger/protocol/ids';

/** Work under way, by operation id, so that it can be cancelled by name and its end be waited for. */
export class Operations {
  readonly #underWay = new Map<OperationId, Set<Work>>();

  /** The signal that `cancel` aborts, for as long as the work is not disposed. */
  begin(id: OperationId): Disposable & { readonly cancelled: AbortSignal } {
    const controller = new AbortController();
    const ended = Promise.withResolvers<undefined>();
    const work: Work = { controller, ended: ended.promise };
    const works = this.#underWay.get(id) ?? new Set();
    this.#underWay.set(id, works.add(work));
    return {
      cancelled: controller.signal,
      [Symbol.dispose]: () => {
        works.delete(work);
        if (works.size === 0) this.#underWay.delete(id);
        ended.resolve(undefined);
      },
    };
  }

  /** Resolves when everything of the operation has ended; nothing happens when it has already. */
  async cancel(id: OperationId): Promise<void> {
    const works = [...(this.#underWay.get(id) ?? [])];
    for (const { controller } of works) controller.abort(cancelledByClient());
    await Promise.all(works.map(({ ended }) => ended));
  }
}

interface Work {
  readonly controller: AbortController;
  readonly ended: Promise<undefined>;
}

function cancelledByClient(): BangerError {
  return new BangerError(
    'operation.cancelled',
    'The work was cancelled, and what it had done was undone',
  );
}
