import type { MessageInitShape } from '@bufbuild/protobuf';

import type { TakeLayerResponseSchema } from '../../packages/banger/src/guest/generated/banger/guest/v1/build_pb.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import { refusing } from './stand-in-failures.ts';

type Answer = MessageInitShape<typeof TakeLayerResponseSchema>;

/** The agent's TakeLayer in front of a fake guest. */
export async function* serveLayer(guest: Guest, signal: AbortSignal): AsyncGenerator<Answer, void> {
  const layer = guest.builds.takeLayer({ maxBytes: Infinity }, signal);
  for (;;) {
    const next = await refusing(layer.next());
    if (next.done === true) break;
    yield { kind: { case: 'data', value: new Uint8Array(next.value) } };
  }
  yield { kind: { case: 'end', value: {} } };
}
