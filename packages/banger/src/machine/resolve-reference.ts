import { BangerError } from '@banger/protocol/errors';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Full name, full id, or a unique id prefix (with or without its `vm_`). Pure. */
export function resolveReference<T extends Named>(reference: string, things: readonly T[]): T {
  const exact = things.find(({ id, name }) => name === reference || id === reference);
  if (exact !== undefined) return exact;
  const matching = things.filter(({ id }) => {
    const bare = id.slice(id.indexOf('_') + 1);
    return id.startsWith(reference) || bare.startsWith(reference);
  });
  const [only, ...others] = matching;
  if (only === undefined) {
    throw new BangerError(
      'vm.not_found',
      `Cannot find VM "${reference}": no VM has this name, id or id prefix`,
      {
        hint: 'banger vm list --all',
      },
    );
  }
  if (others.length === 0) return only;
  const names = matching.map(({ name }) => name).join(', ');
  throw new BangerError('vm.ambiguous', `Cannot tell which VM "${reference}" is: ${names} match`, {
    hint: 'banger vm list --all',
    details: { matching: matching.map(({ id }) => id) },
  });
}
