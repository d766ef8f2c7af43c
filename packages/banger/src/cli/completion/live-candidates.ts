import type { Banger, Vm } from '@banger/sdk';

import type { LiveName } from './live-kinds.ts';
import type { Candidate } from './wanted.ts';

/** Asks the daemon; its answer is a convenience, so whoever calls bounds the wait and takes any failure for "none". */
export async function liveCandidates(
  banger: Banger,
  live: LiveName,
  signal: AbortSignal,
): Promise<readonly Candidate[]> {
  switch (live.kind) {
    case 'vm': {
      const vms = await banger.vms.list({ all: true }, { signal });
      return vms.filter((vm) => live.isUp === undefined || isUp(vm) === live.isUp).map(aboutVm);
    }
    case 'place': {
      const vms = await banger.vms.list({}, { signal });
      return vms.map((vm) => ({ text: `${vm.name}:`, about: vm.state.name }));
    }
    case 'image':
    case 'kernel': {
      const store = live.kind === 'image' ? banger.images : banger.kernels;
      const names = (await store.list({ signal })).map(({ name }) => name);
      return [...new Set(names)].map((text) => ({ text, about: live.kind }));
    }
    case 'template': {
      const templates = await banger.templates.list({ signal });
      return templates.map(({ id, image }) => ({ text: id, about: image ?? '' }));
    }
    case 'snapshot': {
      const snapshots = await banger.vms.snapshots.list(live.vm, { signal });
      return snapshots.map(({ name, createdAt }) => ({ text: name, about: createdAt }));
    }
    case 'session': {
      const sessions = await banger.vms.sessions(live.vm).list({ signal });
      return sessions.map(({ name, argv }) => ({ text: name, about: argv.join(' ').slice(0, 60) }));
    }
  }
}

function aboutVm({ name, state, spec }: Vm): Candidate {
  return { text: name, about: `${state.name}, ${spec.image}` };
}

function isUp({ state }: Vm): boolean {
  return state.name === 'running' || state.name === 'paused';
}
