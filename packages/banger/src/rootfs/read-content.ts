import type { RegularFile } from './file-tree.ts';

/** The first bytes of a file, holes as zeros. */
export async function readContent(
  { sizeBytes, content }: RegularFile,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(sizeBytes, maxBytes));
  for (const segment of content.segments) {
    if (segment.at >= bytes.length) break;
    let at = segment.at;
    const end = Math.min(segment.at + segment.sizeBytes, bytes.length);
    for await (const chunk of content.source.read(segment.from, signal)) {
      at += chunk.copy(bytes, at, 0, end - at);
      if (at === end) break;
    }
    if (at < end) throw new Error(`${content.source.name} ends too soon`);
  }
  return bytes;
}
