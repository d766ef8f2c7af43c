import fc from 'fast-check';

import { Impossible, LayerModel } from './layer-model.fixture.ts';
import type { Made } from './layers.fixture.ts';

const NAMES = ['a', 'b', 'dir', 'long-name-of-more-than-thirteen'];

const path = fc
  .constantFrom(1, 1, 2, 2, 2, 3, 4)
  .chain((depth) => fc.array(fc.constantFrom(...NAMES), { minLength: depth, maxLength: depth }))
  .map((names) => names.join('/'));
/** The same path as tars have it, too. */
const entryName = fc
  .tuple(fc.constantFrom('', '', '', './', '/', 'a/../'), path)
  .map(([before, name]) => `${before}${name}`);
const target = fc.oneof(
  path,
  path.map((name) => `/${name}`),
  path.map((name) => `../${name}`),
  fc.constantFrom('.', '..', '/', '../../../..', 'a/../b'),
);

/** One of the files that are there by then; see `aimed`. */
const pick = fc.nat(999).map((number) => `#${String(number)}`);

const owner = fc.oneof(fc.constantFrom(0, 0, 1000, 2 ** 32 - 2), fc.nat(70_000));
const mtimeNs = fc.bigInt({ min: -(10n ** 18n), max: 9n * 10n ** 18n });
const value = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const xattrs = (names: readonly string[]) =>
  fc.option(
    fc
      .dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 3 })
      .map((given) => new Map(Object.entries(given))),
    { nil: undefined, freq: 4 },
  );
const own = (attributes: readonly string[]) =>
  fc.record({ mode: fc.nat(0o7777), uid: owner, gid: owner, mtimeNs, xattrs: xattrs(attributes) });

const content = fc.oneof(
  fc.constant({ content: '' }),
  fc.string({ unit: 'binary-ascii', maxLength: 2000 }).map((text) => ({ content: text })),
  fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 500 })).map(([hole, size]) => ({
    content: `x${'\0'.repeat(hole)}${'y'.repeat(size)}\0\0`,
    segments: [
      { at: 0, size: 1 },
      { at: hole + 1, size },
    ],
  })),
);

const FILE_XATTRS = ['user.a', 'user.b', 'trusted.c'];
const entry: fc.Arbitrary<Made> = fc.oneof(
  { weight: 20, arbitrary: made('directory', own(FILE_XATTRS), fc.constant({})) },
  { weight: 24, arbitrary: made('file', own(FILE_XATTRS), content) },
  {
    weight: 8,
    arbitrary: made('link', own(['trusted.c']), fc.record({ linkName: target })),
  },
  { weight: 12, arbitrary: made('hard link', own(['user.a']), fc.record({ linkName: pick })) },
  {
    weight: 4,
    arbitrary: made(
      'block device',
      own(['trusted.c']),
      fc.record({ device: fc.record({ major: fc.nat(4095), minor: fc.nat(0xfffff) }) }),
    ),
  },
  {
    weight: 4,
    arbitrary: made(
      'character device',
      own(['trusted.c']),
      fc.record({
        device: fc.record({ major: fc.integer({ min: 1, max: 255 }), minor: fc.nat(255) }),
      }),
    ),
  },
  { weight: 4, arbitrary: made('FIFO', own(['trusted.c']), fc.constant({})) },
  { weight: 12, arbitrary: path.map((name) => ({ name: name.replace(/[^/]+$/, '.wh.$&') })) },
  { weight: 4, arbitrary: path.map((name) => ({ name: `${name}/.wh..wh..opq` })) },
  { weight: 1, arbitrary: fc.constant({ name: '.wh..wh..opq' }) },
);

function made(
  kind: NonNullable<Made['kind']>,
  owned: fc.Arbitrary<Partial<Made>>,
  more: fc.Arbitrary<Partial<Made>>,
): fc.Arbitrary<Made> {
  return fc.tuple(entryName, owned, more).map(([name, given, rest]) => {
    return { name: kind === 'directory' ? `${name}/` : name, kind, ...given, ...rest };
  });
}

/** Layers of any content, lowest first. What the model finds impossible is left out. */
export const layerStack: fc.Arbitrary<{
  readonly layers: readonly (readonly Made[])[];
  readonly model: LayerModel;
}> = fc.array(fc.array(entry, { maxLength: 25 }), { minLength: 1, maxLength: 4 }).map((given) => {
  const model = new LayerModel();
  const layers = given.map((entries, index) => {
    model.nextLayer();
    const root: Made = { name: './', kind: 'directory', mode: 0o755, mtimeNs: 10n ** 18n };
    const all = index === 0 ? [root, ...entries] : entries;
    return all.flatMap((one) => {
      const entry = aimed(model, one);
      return isPut(model, entry) ? [entry] : [];
    });
  });
  return { layers, model };
});

/** Random names seldom meet what is there. */
function aimed(model: LayerModel, one: Made): Made {
  const number = /^#(\d+)$/.exec(one.linkName ?? '')?.[1];
  const files = [...model.files].filter(([, { entry }]) => entry.kind !== 'directory');
  if (number === undefined || files.length === 0) return one;
  return { ...one, linkName: files[Number(number) % files.length]?.[0] ?? '' };
}

function isPut(model: LayerModel, one: Made): boolean {
  try {
    model.put(one);
    return true;
  } catch (error) {
    if (error instanceof Impossible) return false;
    throw error;
  }
}
