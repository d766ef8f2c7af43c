import { newOperationId } from '@banger/protocol/ids';
import { daemonSocket } from '@banger/protocol/runtime-dir';
import { connect, unixTransport, type Banger } from '@banger/sdk';

import { createDaemonKeeper } from './daemon-keeper.ts';
import { keepDaemon } from './daemon-transport.ts';
import type { World } from './world.ts';

export interface DaemonConnection {
  readonly world: World;
  readonly note: (text: string) => void;
  readonly startsDaemon: boolean;
}

/** The client of one invocation: one operation id, and a daemon that is started when it is needed. */
export function connectToDaemon({ world, note, startsDaemon }: DaemonConnection): Banger {
  const operation = newOperationId();
  const transport = unixTransport(daemonSocket(world));
  const direct = connect({ transport, operation });
  if (!startsDaemon || world.env['BANGER_NO_DAEMON_START'] === '1') return direct;
  const keeper = createDaemonKeeper({ world, banger: direct, note });
  return connect({ transport: keepDaemon(transport, keeper), operation });
}
