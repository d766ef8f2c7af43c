import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

import { createFakeGuest, type FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { awaitGreeting, serveStandIn } from './stand-in-agent.ts';

/** How an agent can be no agent. */
export const roguery = {
  /** Takes everything and says nothing */
  silent: (stream) => stream.resume(),
  /** Says something else all the time */
  rubbish: (stream) => rubbish(stream),
  /** Answers a greeting that was never sent */
  'wrong nonce': (stream) => stream.resume().write(`BANGER/1 OK ${'0'.repeat(32)} build\n`),
  /** Hangs up when it is greeted */
  'hangs up': (stream) => stream.once('data', () => stream.destroy()),
  /** Ends the conversation of somebody else before it answers: what a restarted daemon meets */
  'leftovers first': (stream, guest) => {
    stream.write(randomBytes(100_000));
    return serveStandIn(stream, guest);
  },
  /** Answers, and then speaks something else than HTTP/2 */
  'rubbish after the answer': async (stream) => {
    await awaitGreeting(stream, 'rogue');
    stream.write('HTTP/1.1 200 OK\r\n\r\nhello');
  },
  /** Announces a frame and sends half of it */
  'half a frame': async (stream) => {
    await awaitGreeting(stream, 'rogue');
    stream.resume().write(Buffer.from([0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3]));
  },
  /** Announces a frame of 16 MiB */
  'oversized frame': async (stream) => {
    await awaitGreeting(stream, 'rogue');
    stream.resume().write(Buffer.from([0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0]));
  },
  /** Is an agent until a command runs; then hangs up */
  'hangs up in a command': (stream, guest, place) =>
    during(stream, guest, { ...place, misbehave: () => stream.destroy() }),
  /** Is an agent until a command runs; then sends what is no frame */
  'rubbish in a command': (stream, guest, place) =>
    during(stream, guest, { ...place, misbehave: () => stream.write(Buffer.alloc(64, 0xff)) }),
  /** Is an agent until a command runs; then neither reads nor writes */
  'freezes in a command': (stream, guest, place) =>
    during(stream, guest, { ...place, misbehave: () => stream.unpipe().pause() }),
} as const satisfies Record<string, (stream: Socket, guest: FakeGuest, place: Place) => unknown>;

interface Place {
  /** Socket of an honest agent */
  readonly inner: string;
  /** From now on it misbehaves in a command */
  readonly begin: () => void;
}

export type Roguery = keyof typeof roguery;

export interface RogueAgent extends AsyncDisposable {
  readonly guest: FakeGuest;
  /** Resolves when it has begun to misbehave in a command */
  readonly misbehaves: Promise<undefined>;
  readonly connect: () => Socket;
}

/** Listens on a socket as QEMU does for an agent, and misbehaves with everyone who connects. */
export async function startRogueAgent(path: string, kind: Roguery): Promise<RogueAgent> {
  const guest = createFakeGuest();
  const inner = `${path}.inner`;
  const { promise: misbehaves, resolve: begin } = Promise.withResolvers<undefined>();
  const place = { inner, begin: () => begin(undefined) };
  const outside = await listen(path, (stream) => void roguery[kind](stream, guest, place));
  const inside = await listen(inner, (stream) => void serveStandIn(stream, guest));
  return {
    guest,
    misbehaves,
    connect: () => connect(path),
    async [Symbol.asyncDispose]() {
      await outside[Symbol.asyncDispose]();
      await inside[Symbol.asyncDispose]();
    },
  };
}

async function listen(path: string, serve: (stream: Socket) => void): Promise<AsyncDisposable> {
  const streams = new Set<Socket>();
  const server = createServer((stream) => {
    streams.add(stream);
    stream.on('error', () => undefined);
    serve(stream);
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      for (const stream of streams) stream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function rubbish(stream: Socket): void {
  stream.on('data', () => {
    if (!stream.writableNeedDrain) stream.write(randomBytes(65_536));
  });
}

/** By then a command's start has been told, also on a host that has much else to do. */
const TOLD_MS = 500;

/** Passes an honest agent's bytes on until a command runs there. */
function during(
  stream: Socket,
  guest: FakeGuest,
  { inner, begin, misbehave }: Place & { readonly misbehave: () => void },
): void {
  const honest = connect(inner);
  honest.on('error', () => undefined).on('close', () => stream.destroy());
  stream.on('close', () => honest.destroy());
  honest.pipe(stream).pipe(honest);
  const add = guest.running.add.bind(guest.running);
  guest.running.add = (request) => {
    setTimeout(() => {
      honest.unpipe();
      misbehave();
      begin();
    }, TOLD_MS);
    return add(request);
  };
}
