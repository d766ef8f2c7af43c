/**
 * Stands in for qemu-system-x86_64 where a test wants a guest that misbehaves, or none that has to boot: answers on the
 * monitor socket of its command line and serves the agent socket. The VM's name says what kind of guest it is: that of a
 * roguery (`half-a-frame`), one of the monitors below, or anything else for an honest agent.
 */
import { writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

import { createFakeGuest } from '../../../packages/banger/src/guest/fake-guest.ts';
import { roguery, startRogueAgent } from '../rogue-agent.ts';
import { serveStandIn } from '../stand-in-agent.ts';

const args = process.argv.slice(2);
if (args[0] === '--version') {
  writeSync(1, 'QEMU emulator version 9.9.9 (fake)\n');
  process.exit(0);
}

const name = /^banger-([^,]+)/.exec(args[args.indexOf('-name') + 1] ?? '')?.[1] ?? '';
const monitors = new Set<Socket>();
let status = args.includes('-S') ? 'inmigrate' : 'running';

switch (name) {
  case 'dies-at-start':
    writeSync(2, 'qemu-system-x86_64: could not do what it was told\n');
    process.exit(1);

  case 'mute-monitor':
    createServer().listen(socketOf('monitor'));
    break;
  default:
    if (socketOf('agent.1') !== '') {
      createServer().listen(socketOf('agent.1'));
      await serveAgent();
    }
    createServer(serveMonitor).listen(socketOf('monitor'));
}

function socketOf(id: string): string {
  const argument = args.find((text) => text.startsWith(`socket,id=${id},`)) ?? '';
  return /path=([^,]+)/.exec(argument)?.[1] ?? '';
}

async function serveAgent(): Promise<void> {
  const kind = Object.keys(roguery).find((each) => each.replaceAll(' ', '-') === name);
  if (kind !== undefined) {
    const { guest } = await startRogueAgent(socketOf('agent.0'), kind as keyof typeof roguery);
    guest.onShutdown = powerOff;
    return;
  }
  const guest = createFakeGuest();
  guest.onShutdown = powerOff;
  createServer((stream) => void serveStandIn(stream, guest)).listen(socketOf('agent.0'));
}

function serveMonitor(socket: Socket): void {
  monitors.add(socket);
  socket.on('error', () => undefined).on('close', () => monitors.delete(socket));
  say(socket, { QMP: { version: {}, capabilities: [] } });
  socket.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      if (line.trim() !== '') answer(socket, line);
    }
  });
}

interface QmpCommand {
  readonly execute: string;
  readonly id: number;
  readonly arguments?: { readonly uri?: string };
}

function answer(socket: Socket, line: string): void {
  const command = JSON.parse(line) as QmpCommand; // Only our own client writes here.
  const { execute, id } = command;
  if (execute === 'cont') status = 'running';
  if (execute === 'stop' && status === 'running') stop(socket, 'paused');
  say(socket, { return: execute === 'query-status' ? { status } : {}, id });
  const uri = command.arguments?.uri ?? '';
  if (execute === 'migrate') send(socket, uri.slice('unix:'.length));
  if (execute === 'migrate-incoming') receive(socket, uri);
}

function stop(socket: Socket, next: string): void {
  if (status === 'running') say(socket, { event: 'STOP' });
  status = next;
}

/** A migration without content: what a saved state holds of this guest is nothing. */
function send(monitor: Socket, path: string): void {
  const stream = connect(path).on('error', () => end(monitor, 'failed'));
  stream.on('close', (failed) => {
    if (failed) return;
    stop(monitor, 'postmigrate');
    end(monitor, 'completed');
  });
  stream.resume().end('fake state');
}

function receive(monitor: Socket, uri: string): void {
  const done = () => {
    status = 'paused';
    end(monitor, 'completed');
  };
  if (!uri.startsWith('unix:')) done();
  else createServer((stream) => stream.resume().on('end', done)).listen(uri.slice('unix:'.length));
}

function end(monitor: Socket, how: 'completed' | 'failed'): void {
  say(monitor, { event: 'MIGRATION', data: { status: how } });
}

function say(socket: Socket, message: object): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

function powerOff(): void {
  for (const socket of monitors)
    say(socket, { event: 'SHUTDOWN', data: { reason: 'guest-shutdown' } });
  setTimeout(() => process.exit(0), 50); // The event goes out first.
}
