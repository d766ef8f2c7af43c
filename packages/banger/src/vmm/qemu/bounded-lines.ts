/** The longest line a monitor sends is a list of devices; this is far beyond it. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Cuts bytes into lines and refuses a line without end. */
export function createBoundedLines(onLine: (line: string) => void, maxBytes = MAX_LINE_BYTES) {
  let partial: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    let rest = chunk;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      const line = Buffer.concat([partial, rest.subarray(0, end)]);
      partial = Buffer.alloc(0);
      rest = rest.subarray(end + 1);
      const text = line.toString('utf8').trim();
      if (text !== '') onLine(text);
    }
    partial = Buffer.concat([partial, rest]);
    if (partial.length > maxBytes)
      throw new Error(`a line is longer than ${String(maxBytes)} bytes`);
  };
}
