import { listenersContract } from '../../../../test/contract/listeners.ts';
import { createFakeListeners } from './fake-listeners.ts';

const listeners = createFakeListeners();
listenersContract({ name: 'fake', listeners, connect: (at) => listeners.connect(at) });
