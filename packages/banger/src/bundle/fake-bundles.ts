import type { Bundles } from './bundles.ts';

/** Bundles that hold nothing but the id of what they are of. */
export function createFakeBundles(): Bundles {
  const open = (
    kind: 'image' | 'kernel',
    { id, name }: { readonly id: string; readonly name: string },
  ) => ({
    head: { kind, name, description: '', architecture: 'amd64' },
    chunks: contentOf(id),
  });
  return {
    async image(image, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      return open('image', image);
    },
    async kernel(kernel, signal) {
      await Promise.resolve();
      signal.throwIfAborted();
      return open('kernel', kernel);
    },
  };
}

async function* contentOf(id: string): AsyncGenerator<Uint8Array, void> {
  await Promise.resolve();
  yield Buffer.from(`bundle of ${id}`);
}
