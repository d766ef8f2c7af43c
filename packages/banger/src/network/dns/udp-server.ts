import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import { type HostPort, explainListenError } from '@banger/protocol/host-port';

import { answerQuery, PLAIN_UDP_BYTES } from './answer-query.ts';
import type { AddressBook } from './zone.ts';

export interface UdpServer extends AsyncDisposable {
  /** With the port that was chosen */
  readonly at: HostPort;
}

/** Answers DNS over UDP. Rejects as `Listeners.listen` does. */
export async function serveUdp(at: HostPort, addressOf: AddressBook): Promise<UdpServer> {
  const socket = createSocket(at.address.includes(':') ? 'udp6' : 'udp4');
  await bound(socket, at);
  socket.on('error', () => undefined); // An answer that could not be sent is asked for again.
  socket.on('message', (message, { address, port }) => {
    const answer = answerQuery(message, { addressOf, maxBytes: PLAIN_UDP_BYTES });
    if (answer !== undefined) socket.send(answer, port, address);
  });
  let isOpen = true;
  return {
    at: { ...at, port: socket.address().port },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function bound(socket: Socket, at: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.close();
      const explained = explainListenError(error, at);
      reject(explained instanceof Error ? explained : error);
    };
    socket.once('error', fail);
    socket.bind({ address: at.address, port: at.port, exclusive: true }, () => {
      socket.off('error', fail);
      resolve();
    });
  });
}
