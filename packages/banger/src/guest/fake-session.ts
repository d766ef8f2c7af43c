import type {
  LostOutput,
  OutputPosition,
  OutputStream,
  Session,
  SessionExit,
  SessionId,
} from '@banger/protocol/session';

import type { FakeCommand } from './fake-commands.ts';
import type { GuestExec, GuestExecInput } from './guest.ts';
import type { GuestInput, GuestSessionStart } from './guest-sessions.ts';
import { Outbox } from './outbox.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const DEFAULT_KEEP_BYTES = 8 * 1024 * 1024;

/** What an attachment to a fake session is told of from outside. */
export interface FakeReader {
  readonly token: string | undefined;
  onReplaced(): void;
}

interface Piece {
  readonly stream: OutputStream;
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A session of a fake guest: its command runs whoever is connected, and its output is kept in memory. */
export class FakeSession {
  readonly id: SessionId;
  readonly order: GuestSessionStart;
  readonly readers = new Set<FakeReader>();
  writer: FakeReader | undefined;
  #exit: SessionExit | undefined;
  #inputClosed = false;
  #pieces: Piece[] = [];
  readonly #kept = { stdout: { start: 0, end: 0 }, stderr: { start: 0, end: 0 } };
  readonly #taken = new Map<string, number>();
  readonly #input = new Outbox<GuestExecInput>();
  readonly #killed = new AbortController();
  #changed = Promise.withResolvers<undefined>();

  constructor(id: SessionId, order: GuestSessionStart, command: FakeCommand) {
    this.id = id;
    this.order = order;
    void this.#run(command);
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /** Resolves at the next change. */
  get changed(): Promise<undefined> {
    return this.#changed.promise;
  }

  get takesInput(): boolean {
    const { stdin, terminal } = this.order;
    return (stdin || terminal !== undefined) && !this.#inputClosed && !this.hasEnded;
  }

  get ends(): OutputPosition {
    return { stdout: this.#kept.stdout.end, stderr: this.#kept.stderr.end };
  }

  get starts(): OutputPosition {
    return { stdout: this.#kept.stdout.start, stderr: this.#kept.stderr.start };
  }

  takenOf(token: string): number {
    return this.#taken.get(token) ?? 0;
  }

  write(token: string, { offset, bytes, eof }: GuestInput): number {
    const taken = this.takenOf(token);
    if (offset + bytes.length > taken || eof) {
      const fresh = bytes.subarray(taken - offset);
      if (fresh.length > 0) void this.#input.put({ kind: 'stdin', bytes: fresh });
      this.#taken.set(token, offset + bytes.length);
    }
    if (eof) {
      this.#inputClosed = this.order.terminal === undefined;
      void this.#input.put({ kind: 'eof' });
    }
    return this.takenOf(token);
  }

  resize(rows: number, cols: number): void {
    void this.#input.put({ kind: 'resize', rows, cols });
  }

  signal(signal: number): void {
    void this.#input.put({ kind: 'signal', signal });
    if (signal === 9) this.#end({ kind: 'signalled', signal });
  }

  /** The oldest output after a position, or what of it is gone; none when there is nothing yet. */
  next(
    position: OutputPosition,
    only: OutputStream | undefined,
  ): Piece | (LostOutput & { readonly bytes?: undefined }) | undefined {
    for (const stream of ['stdout', 'stderr'] as const) {
      const { start } = this.#kept[stream];
      if ((only ?? stream) === stream && position[stream] < start)
        return { stream, start: position[stream], end: start, cause: 'overwritten' };
    }
    for (const { stream, start, bytes } of this.#pieces) {
      if (start + bytes.length <= position[stream] || (only ?? stream) !== stream) continue;
      const from = Math.max(position[stream], start);
      return { stream, start: from, bytes: bytes.subarray(from - start, from - start + 32 * 1024) };
    }
    return undefined;
  }

  describe(): Session {
    const { name, argv, cwd, user, terminal, stdin, keepBytes } = this.order;
    return {
      ...{ id: this.id, name, argv: [...argv], cwd: cwd ?? null, user: user ?? null },
      ...{ terminal: terminal !== undefined, stdin: stdin || terminal !== undefined, pid: 100 },
      exit: this.#exit ?? null,
      startedAt: NOW,
      endedAt: this.hasEnded ? NOW : null,
      output: { stdout: { ...this.#kept.stdout }, stderr: { ...this.#kept.stderr } },
      keepBytes: keepBytes ?? DEFAULT_KEEP_BYTES,
      readers: this.readers.size,
      hasWriter: this.writer !== undefined,
      inputClosed: this.#inputClosed,
    };
  }

  tell(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers();
  }

  async #run(command: FakeCommand): Promise<void> {
    const { cwd, user, env, argv, stdin, terminal } = this.order;
    const request: GuestExec = { argv, env, stdin, cwd, user, terminal: terminal && { ...terminal.size } };
    const { signal } = this.#killed;
    const write = (stream: OutputStream, text: string | Uint8Array) => {
      signal.throwIfAborted();
      this.#keep(stream, typeof text === 'string' ? Buffer.from(text) : text);
      return new Promise<void>((resolve) => setImmediate(resolve)); // As a pipe, it takes its time.
    };
    try {
      this.#end(await command({ request, input: this.#input, write, signal }));
    } catch {
      this.#end({ kind: 'signalled', signal: 9 });
    }
  }

  #keep(stream: OutputStream, bytes: Uint8Array): void {
    const kept = this.#kept[stream];
    this.#pieces.push({ stream, start: kept.end, bytes });
    kept.end += bytes.length;
    kept.start = Math.max(kept.start, kept.end - (this.order.keepBytes ?? DEFAULT_KEEP_BYTES));
    this.#pieces = this.#pieces.filter((one) => one.start + one.bytes.length > this.#kept[one.stream].start);
    this.tell();
  }

  #end(exit: SessionExit): void {
    this.#exit ??= exit;
    this.#killed.abort(new Error('it has ended'));
    this.#input.close();
    this.tell();
  }
}
