import { gunzipSync, zstdDecompressSync } from 'node:zlib';

import { BangerError } from '@banger/protocol/errors';

/** Real ones have less than 10 MiB; the agent reads one at a time into memory. */
const MAX_MODULE_BYTES = 128 * 1024 * 1024;

/** A module for the initrd, whose agent loads them as they are: plain. */
export function unpackModule(
  file: string,
  data: Buffer,
): { readonly name: string; readonly data: Buffer } {
  const [, name = file, packing] = /^(.*\.ko)(?:\.(\w+))?$/.exec(file) ?? [];
  const limit = { maxOutputLength: MAX_MODULE_BYTES };
  switch (packing) {
    case undefined:
      return { name, data };
    case 'gz':
      return { name, data: gunzipSync(data, limit) };
    case 'zst':
      return { name, data: zstdDecompressSync(data, limit) };
    default:
      throw new BangerError(
        'kernel.bad_content',
        `Cannot use kernel module "${file}": it is compressed with ${packing}, and only gz and zst are known here`,
        { hint: `find . -name '*.ko.${packing}' -exec un${packing} {} +` },
      );
  }
}
