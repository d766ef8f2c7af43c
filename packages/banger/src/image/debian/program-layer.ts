import { readFile, writeFile } from 'node:fs/promises';

import { encodeHeader, TAR_END } from '@banger/sdk/tar/write-tar';

/** A layer with one program in it. */
export async function writeProgramLayer(
  layer: string,
  { program, name }: { readonly program: string; readonly name: string },
): Promise<void> {
  const content = await readFile(program);
  const { bytes, padding } = encodeHeader({
    ...{ name, kind: 'file', linkName: '', mode: 0o755, uid: 0, gid: 0 },
    mtimeNs: NEW,
    size: content.length,
  });
  await writeFile(layer, Buffer.concat([bytes, content, Buffer.alloc(padding), TAR_END]));
}

/** As old as the newest that is in the image: nothing in it is newer. */
const NEW = 2n ** 33n * 1_000_000_000n;
