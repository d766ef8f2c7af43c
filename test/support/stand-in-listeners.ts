import type { MessageInitShape } from '@bufbuild/protobuf';

import {
  Listener_Protocol as Protocol,
  type ProbeResponseSchema,
  ProbeResponse_Scheme as Scheme,
  type TcpTarget,
  type WatchListenersResponseSchema,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/network_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import { refusing } from './stand-in-failures.ts';

/** What listens in a fake guest, as messages. */
export async function* serveListeners(
  guest: Guest,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof WatchListenersResponseSchema>> {
  const lists = guest.network.watchListeners(signal)[Symbol.asyncIterator]();
  for (;;) {
    const next = await refusing(lists.next());
    if (next.done === true) return;
    yield { listeners: next.value.map((one) => ({ ...one, protocol: protocols[one.protocol] })) };
  }
}

export async function serveProbe(
  guest: Guest,
  targets: readonly TcpTarget[],
  signal: AbortSignal,
): Promise<MessageInitShape<typeof ProbeResponseSchema>> {
  const asked = targets.map(({ port, address }) => ({ kind: 'tcp' as const, port, address }));
  const found = await refusing(guest.network.probe(asked, signal));
  return { schemes: found.map((scheme) => schemes[scheme]) };
}

const protocols = { tcp: Protocol.TCP, udp: Protocol.UDP } as const;
const schemes = { http: Scheme.HTTP, https: Scheme.HTTPS, other: Scheme.OTHER } as const;
