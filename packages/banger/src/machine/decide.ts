import type { VmState } from '@banger/protocol/vm';

export type VmRequest =
  | 'start'
  | 'stop'
  | 'kill'
  | 'delete'
  | 'change'
  | 'change-live'
  | 'pause'
  | 'resume'
  | 'suspend'
  | 'snapshot'
  | 'fork'
  | 'restore';

export type Decision =
  | { readonly kind: 'go'; readonly next: VmState }
  /** It is so already */
  | { readonly kind: 'already' }
  | { readonly kind: 'deny'; readonly because: string; readonly hint: string };

/**
 * What a request means in a state, when the VM's supervisor gets to it. No I/O: one test walks every pair. A transient
 * state is seen here only after a crash, as the supervisor finishes one request before it takes the next.
 */
export function decide(state: VmState, request: VmRequest): Decision {
  switch (request) {
    case 'start':
      return decideStart(state);
    case 'stop':
      return decideStop(state);
    case 'kill':
      return isAlive(state) || state.name === 'suspended'
        ? go({ name: 'stopping' })
        : deny(`it is ${state.name}`, 'banger vm list');
    case 'delete':
      return go({ name: 'deleting' });
    case 'change':
      return state.name === 'created' || state.name === 'stopped' || state.name === 'error'
        ? go(state)
        : deny(`it is ${state.name}, and only a stopped VM can be changed`, 'banger vm stop VM');
    case 'change-live':
      return isSettled(state) || state.name === 'created'
        ? go(state)
        : deny(`it is ${state.name}`, 'banger vm list --all');
    case 'pause':
      if (state.name === 'paused') return { kind: 'already' };
      return state.name === 'running' ? go({ name: 'paused' }) : notRunning(state);
    case 'resume':
      if (state.name === 'running') return { kind: 'already' };
      return state.name === 'paused' ? go({ name: 'running' }) : notRunning(state);
    case 'suspend':
      if (state.name === 'suspended') return { kind: 'already' };
      return isUp(state)
        ? go({ name: 'suspending', paused: state.name === 'paused' })
        : notRunning(state);
    case 'snapshot':
    case 'fork':
      return isUp(state) ? go(state) : notRunning(state);
    case 'restore':
      return isSettled(state) ? go(state) : deny(`it is ${state.name}`, 'banger vm list --all');
  }
}

function decideStart(state: VmState): Decision {
  switch (state.name) {
    case 'created':
    case 'stopped':
    case 'suspended':
      return go({ name: 'starting' });
    case 'error':
      return state.leftovers.length === 0
        ? go({ name: 'starting' })
        : deny(`cleaning up left ${state.leftovers.join(', ')} behind`, 'banger vm delete VM');
    case 'running':
      return { kind: 'already' };
    case 'paused':
      return deny('it is paused', 'banger vm resume VM');
    case 'starting':
    case 'stopping':
    case 'suspending':
    case 'restoring':
    case 'deleting':
      return deny(`it is ${state.name}`, 'banger vm list --all');
  }
}

function decideStop(state: VmState): Decision {
  switch (state.name) {
    case 'running':
    case 'paused':
    case 'starting':
    case 'suspending':
    case 'stopping':
      return go({ name: 'stopping' });
    case 'created':
    case 'stopped':
    case 'error':
      return { kind: 'already' };
    case 'suspended':
      return deny(
        'it is suspended, and stopping it would lose what is in its memory',
        'banger vm kill VM',
      );
    case 'restoring':
    case 'deleting':
      return deny(`it is ${state.name}`, 'banger vm list --all');
  }
}

/** There may be a monitor. */
export function isAlive({ name }: VmState): boolean {
  return ['starting', 'running', 'paused', 'suspending', 'restoring', 'stopping'].includes(name);
}

/** Its guest is in memory, and stands or runs. */
export function isUp({ name }: VmState): boolean {
  return name === 'running' || name === 'paused';
}

function isSettled({ name }: VmState): boolean {
  return ['running', 'paused', 'suspended', 'stopped', 'error'].includes(name);
}

function notRunning({ name }: VmState): Decision {
  return deny(`it is ${name}`, name === 'paused' ? 'banger vm resume VM' : 'banger vm start VM');
}

function go(next: VmState): Decision {
  return { kind: 'go', next };
}

function deny(because: string, hint: string): Decision {
  return { kind: 'deny', because, hint };
}
