import { ContextId } from '@banger/protocol/build';
import { noImageConfig } from '@banger/protocol/image-config';

import type { Images } from '../images.ts';
import type { Builds } from './builds.ts';
import { parseDockerfile } from './dockerfile/parse-dockerfile.ts';

/** Builds that only remember what they were given: every Dockerfile that can be read becomes an image. */
export function createFakeBuilds({ images }: { readonly images: Images }): Builds {
  const sent = new Set<ContextId>();
  return {
    check: ({ dockerfile: { name, text = '' } }) => parseDockerfile(text, name).warnings,
    async receive(bytes) {
      let entryCount = 0;
      for await (const chunk of bytes) entryCount += chunk.length > 0 ? 1 : 0;
      const context = ContextId.parse(`ctx_${String(sent.size).padStart(16, '0')}`);
      sent.add(context);
      return { context, entryCount };
    },
    prune: () => Promise.resolve({ count: 0, bytes: 0 }),
    async *export(image) {
      await Promise.resolve();
      yield Buffer.from(image.name);
    },
    build({ name = 'build-0', context }, work) {
      if (context !== undefined) sent.delete(context);
      void work.progress.output?.(Buffer.from('made\n'));
      const build = () =>
        Promise.resolve({ init: 'agent' as const, notes: [], config: noImageConfig });
      return images.make({ name, kind: 'oci', description: 'Built', build }, work);
    },
  };
}
