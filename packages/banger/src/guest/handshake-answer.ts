/** The agent's build is shown to people and compared with ours, so only a plain word is taken for one. */
const BUILD = /^[0-9A-Za-z._-]{1,64}$/;
const LONGEST_LINE = 256;

export function newGreeting(nonce: string): string {
  return `BANGER/1 ${nonce}\n`;
}

/**
 * Finds the answer to one nonce in whatever the guest says. A former conversation may have been cut off anywhere, so the
 * answer need not begin a line; everything before it is dropped, and never more than a line is kept.
 */
export class HandshakeAnswer {
  readonly #start: string;
  #held = '';
  #droppedBytes = 0;

  constructor(nonce: string) {
    this.#start = `BANGER/1 OK ${nonce} `;
  }

  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  /** The agent's build and what came after the answer; undefined while there is no answer yet. */
  push(chunk: Buffer): { readonly agentBuild: string; readonly rest: Buffer } | undefined {
    const text = this.#held + chunk.toString('latin1');
    for (let at = text.indexOf(this.#start); at !== -1; at = text.indexOf(this.#start, at + 1)) {
      const end = text.indexOf('\n', at);
      if (end === -1) break;
      const agentBuild = text.slice(at + this.#start.length, end);
      if (BUILD.test(agentBuild)) {
        return { agentBuild, rest: Buffer.from(text.slice(end + 1), 'latin1') };
      }
    }
    this.#held = text.slice(-LONGEST_LINE);
    this.#droppedBytes += text.length - this.#held.length;
    return undefined;
  }
}
