/** The unit of stat(2)'s st_blocks, whatever the file system's own. */
const BLOCK_BYTES = 512;

/** What a file takes on its file system, holes left out. */
export function allocatedBytes({ blocks }: { readonly blocks: number | bigint }): number {
  return Number(blocks) * BLOCK_BYTES;
}
