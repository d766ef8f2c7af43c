import { fileChunks } from '../../host/file-chunks.ts';
import type { ContentSource } from '../file-tree.ts';

/** A file of the host, read from any place at the cost of that place alone. */
export function fileSource(path: string): ContentSource {
  return {
    name: `"${path}"`,
    isSeekable: true,
    read: (from, signal) => fileChunks(path, from, signal),
  };
}
