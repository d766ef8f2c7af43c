import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../host/clock.ts';
import { Conversation } from './conversation.ts';
import type { GuestConnector } from './guest.ts';
import { createGuestClient } from './guest-client.ts';
import { shakeHands } from './handshake.ts';

/** Opens conversations with real agents. */
export function createGuestConnector({ clock }: { readonly clock: Clock }): GuestConnector {
  return {
    async connect(stream, signal) {
      await using cleanup = new AsyncDisposableStack();
      cleanup.defer(() => {
        stream.destroy();
      });
      stream.on('error', () => undefined); // Whoever reads is told by the stream's end.
      try {
        signal.throwIfAborted();
        const agentBuild = await shakeHands(stream, clock, signal);
        const conversation = await Conversation.open(stream, clock, signal);
        cleanup.move(); // The conversation owns the stream, the guest owns the conversation.
        return createGuestClient(conversation, agentBuild, clock);
      } catch (cause) {
        throw isDeadline(cause) ? silent(cause) : cause;
      }
    },
  };
}

function isDeadline(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function silent(cause: unknown): BangerError {
  return new BangerError('guest.unreachable', 'Cannot reach the guest agent: it does not answer', {
    cause,
    hint: 'banger vm logs',
  });
}
