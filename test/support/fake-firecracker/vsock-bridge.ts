/**
 * Firecracker's end of a vsock: `CONNECT <port>\n` on a unix socket, `OK <number>\n` back when somebody in the guest
 * listens there, and from then on a stream. Behind it are the guest's virtio-serial ports, which carry one conversation
 * each: a newer one ends the older.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import type { GuestMachine } from './guest-machine.ts';
import { guestPorts, portSocket } from './qemu-arguments.ts';

/** As long as "CONNECT <port>\n" can be */
const MAX_COMMAND_BYTES = 32;
const FIRST_HOST_PORT = 2 ** 30;

export class VsockBridge {
  readonly #server: Server;
  readonly #machine = Promise.withResolvers<GuestMachine>();
  readonly #conversations = new Map<string, Socket>();
  #hostPort = FIRST_HOST_PORT;

  /** Makes the socket; those who connect wait for a machine. */
  static async listen(path: string): Promise<VsockBridge> {
    const bridge = new VsockBridge();
    bridge.#server.listen(path);
    await once(bridge.#server, 'listening');
    return bridge;
  }

  private constructor() {
    this.#server = createServer((client) => {
      client.on('error', () => client.destroy());
      void this.#serve(client).catch(() => client.destroy());
    });
  }

  attach(machine: GuestMachine): void {
    this.#machine.resolve(machine);
  }

  close(): void {
    this.#server.close();
  }

  async #serve(client: Socket): Promise<void> {
    const machine = await this.#machine.promise;
    // While the guest stands nobody answers, and who has hung up meanwhile is not served.
    await machine.running;
    const command = await readCommand(client);
    const name = guestPorts.get(Number(/^CONNECT (\d+)\n$/.exec(command)?.[1]));
    await machine.running;
    if (name === undefined || !machine.isOpen(name) || client.destroyed) {
      client.destroy();
      return;
    }
    await this.#endEarlier(name);
    const guest = connect({ path: `\0${portSocket(machine.tag, name)}` });
    guest.on('error', () => guest.destroy());
    await once(guest, 'connect');
    this.#conversations.set(name, guest);
    guest.on('close', () => client.destroy());
    client.on('close', () => guest.destroy());
    this.#hostPort += 1;
    client.write(`OK ${String(this.#hostPort)}\n`);
    client.pipe(guest);
    guest.pipe(client);
  }

  async #endEarlier(name: string): Promise<void> {
    const earlier = this.#conversations.get(name);
    if (earlier === undefined || earlier.closed) return;
    const closed = once(earlier, 'close');
    earlier.destroy();
    await closed;
  }
}

/** The first line, or what came instead of one; what follows stays to be read. */
async function readCommand(client: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let held = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf('\n') + 1;
    if (end === 0 && held.length < MAX_COMMAND_BYTES) return;
    client.off('data', onData).pause();
    if (end > 0 && end < held.length) client.unshift(held.subarray(end));
    resolve(held.toString('latin1', 0, end));
  };
  client.on('data', onData).once('close', () => resolve(''));
  return await promise;
}
