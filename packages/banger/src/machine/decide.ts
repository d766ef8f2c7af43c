import type { VmState } from '@banger/protocol/vm';

export type VmRequest = 'start' | 'stop' | 'kill' | 'delete' | 'change';

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
      return state.name === 'running' || state.name === 'starting' || state.name === 'stopping'
        ? go({ name: 'stopping' })
        : deny(`it is ${state.name}`, 'banger vm list');
    case 'delete':
      return go({ name: 'deleting' });
    case 'change':
      return state.name === 'created' || state.name === 'stopped' || state.name === 'error'
        ? go(state)
        : deny(`it is ${state.name}, and only a stopped VM can be changed`, 'banger vm stop VM');
  }
}

function decideStart(state: VmState): Decision {
  switch (state.name) {
    case 'created':
    case 'stopped':
      return go({ name: 'starting' });
    case 'error':
      return state.leftovers.length === 0
        ? go({ name: 'starting' })
        : deny(`cleaning up left ${state.leftovers.join(', ')} behind`, 'banger vm delete VM');
    case 'running':
      return { kind: 'already' };
    case 'starting':
    case 'stopping':
    case 'deleting':
      return deny(`it is ${state.name}`, 'banger vm list --all');
  }
}

function decideStop(state: VmState): Decision {
  switch (state.name) {
    case 'running':
    case 'starting':
    case 'stopping':
      return go({ name: 'stopping' });
    case 'created':
    case 'stopped':
    case 'error':
      return { kind: 'already' };
    case 'deleting':
      return deny('it is being deleted', 'banger vm list --all');
  }
}

function go(next: VmState): Decision {
  return { kind: 'go', next };
}

function deny(because: string, hint: string): Decision {
  return { kind: 'deny', because, hint };
}
