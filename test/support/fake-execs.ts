import { BangerError } from '@banger/protocol/errors';
import { channel, type ExecRequest, type ExecStatus } from '@banger/protocol/exec';
import { toWireError } from '@banger/protocol/wire-error';
import type { WebSocket } from 'ws';

/** Commands of a fake guest: tiny programs that behave as their names say. */
export class FakeExecs {
  /** Described and not attached yet */
  readonly created = new Map<string, ExecRequest>();
  readonly #running = new Map<string, (signal: number) => void>();
  /** Commands whose connection closed before they had ended */
  readonly killed: string[] = [];

  signal(id: string, signal: number): void {
    const take = this.#running.get(id);
    if (take === undefined) throw new BangerError('exec.not_found', 'Cannot find the command');
    take(signal);
  }

  attach(id: string, socket: WebSocket): void {
    const request = this.created.get(id);
    if (request === undefined) throw new Error(`attached to ${id}, which was not created`);
    this.created.delete(id);
    let isEnded = false;
    const end = (status: ExecStatus) => {
      if (isEnded) return;
      isEnded = true;
      send(socket, channel.error, Buffer.from(JSON.stringify(status)));
      socket.close();
    };
    this.#running.set(id, (signal) => end(failure('Signal', String(signal))));
    socket.on('close', () => {
      this.#running.delete(id);
      if (!isEnded) this.killed.push(request.argv.join(' '));
      isEnded = true;
    });
    run(request, socket, end);
  }
}

type End = (status: ExecStatus) => void;

function run(request: ExecRequest, socket: WebSocket, end: End) {
  const { argv, entrypoint, env, terminal, stdin, cwd, user } = request;
  const [program = 'shell', ...args] = argv;
  const asked = entrypoint === false ? {} : { entrypoint };
  const out = (text: string | Uint8Array) => send(socket, channel.stdout, Buffer.from(text));
  const onStdin = (take: (bytes: Buffer) => void, eof: () => void) => {
    if (!stdin) setImmediate(eof);
    onFrames(socket, (frame, bytes) => {
      if (frame === channel.stdin) take(bytes);
      if (frame === channel.close) eof();
      if (frame === channel.resize) out(`resized ${bytes.toString()}\n`);
    });
  };
  switch (program) {
    case 'echo':
      out(`${args.join(' ')}\n`);
      {
        end({ status: 'Success' });
        return;
      }
    case 'both':
      out('out\n');
      send(socket, channel.stderr, Buffer.from('err\n'));
      {
        end({ status: 'Success' });
        return;
      }
    case 'exit': {
      end(failure('ExitCode', args[0] ?? '1'));
      return;
    }
    case 'context':
      out(JSON.stringify({ env, cwd, user, terminal, stdin, ...asked }));
      {
        end({ status: 'Success' });
        return;
      }
    case 'zeros':
      for (let left = Number(args[0]); left > 0; left -= 65_536) {
        out(new Uint8Array(Math.min(left, 65_536)));
      }
      {
        end({ status: 'Success' });
        return;
      }
    case 'missing':
    case 'unexecutable': {
      const code = program === 'missing' ? 'exec.not_found' : 'exec.not_executable';
      const error = toWireError(new BangerError(code, `Cannot run "${program}"`));
      end({ status: 'Failure', error });
      return;
    }
    case 'sleep':
      out('sleeping\n');
      {
        onStdin(
          () => undefined,
          () => undefined,
        );
        return;
      }
    case 'vanish': {
      socket.terminate();
      return;
    }
    default: {
      // `cat` and shells: what comes in goes out.
      onStdin(out, () => end({ status: 'Success' }));
      return;
    }
  }
}

function failure(reason: string, message: string): ExecStatus {
  return { status: 'Failure', details: { causes: [{ reason, message }] } };
}

function send(socket: WebSocket, to: number, bytes: Buffer): void {
  socket.send(Buffer.concat([Buffer.of(to), bytes]));
}

function onFrames(socket: WebSocket, take: (frame: number, bytes: Buffer) => void): void {
  socket.on('message', (data: Buffer) => take(data[0] ?? -1, data.subarray(1)));
}
