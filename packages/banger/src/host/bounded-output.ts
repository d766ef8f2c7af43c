import { StringDecoder } from 'node:string_decoder';

/** Keeps the end of a stream of bytes. */
export class OutputTail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  #totalBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get isCut(): boolean {
    return this.#totalBytes > this.#limitBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    this.#totalBytes += chunk.length;
    if (this.#heldBytes > 2 * this.#limitBytes) this.#compact();
  }

  text(): string {
    this.#compact();
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  #compact(): void {
    const whole = Buffer.concat(this.#chunks);
    const kept = whole.subarray(Math.max(0, whole.length - this.#limitBytes));
    this.#chunks = [Buffer.from(kept)];
    this.#heldBytes = kept.length;
  }
}

const MAX_LINE_LENGTH = 16 * 1024;

/** Cuts a stream of bytes into lines; a line that is too long is cut too. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #partial = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#partial + this.#decoder.write(chunk)).split('\n');
    this.#partial = (lines.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    for (const line of lines) this.#onLine(line.slice(0, MAX_LINE_LENGTH));
  }

  end(): void {
    if (this.#partial !== '') this.#onLine(this.#partial);
    this.#partial = '';
  }
}
