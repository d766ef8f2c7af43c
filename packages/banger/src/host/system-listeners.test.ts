import { once } from 'node:events';
import { connect } from 'node:net';

import { listenersContract } from '../../../../test/contract/listeners.ts';
import { createSystemListeners } from './system-listeners.ts';

listenersContract({
  name: 'system',
  listeners: createSystemListeners(),
  async connect({ address, port }) {
    const socket = connect({ host: address, port, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  },
});
