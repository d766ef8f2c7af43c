import type { ProcessIdentity } from '../host/processes.ts';
import type { RootJailHost } from '../vmm/firecracker/jail/create-jail-host.ts';
import { checkJailRequest } from './check-jail-request.ts';
import { greetingOf, type HelperSettings } from './helper-settings.ts';
import { createJailedProcesses, type JailedProcesses } from './jailed-processes.ts';
import { JailRequest } from './jail-protocol.ts';
import type { Json, RequestList } from './request-list.ts';

export interface JailParts {
  readonly version: string;
  readonly host: RootJailHost;
  /** Nobody else changes a jail until it is disposed of; rejects when the signal aborts. */
  readonly lock: (signal: AbortSignal) => Promise<Disposable>;
}

/** What the helper for jails does, on one connection. */
export function jailRequests(settings: HelperSettings, parts: JailParts): RequestList {
  const processes = createJailedProcesses(parts.host);
  return {
    read(value) {
      const { data: request } = JailRequest.safeParse(value);
      if (request === undefined) return undefined;
      return {
        ...{ id: request.id, method: request.method },
        async perform(signal) {
          checkJailRequest(request, settings);
          if (request.method === 'hello') return greetingOf(settings, parts.version);
          // A helper of an earlier connection may be in the middle of its last request.
          using _ = changing.includes(request.method) ? await parts.lock(signal) : undefined;
          return await perform(request, { host: parts.host, processes }, signal);
        },
      };
    },
  };
}

const changing: readonly JailRequest['method'][] = [
  'jail.place',
  'jail.spawn',
  'jail.giveOut',
  'jail.remove',
];

interface Performing {
  readonly host: RootJailHost;
  readonly processes: JailedProcesses;
}

async function perform(
  request: Exclude<JailRequest, { method: 'hello' }>,
  { host, processes }: Performing,
  signal: AbortSignal,
): Promise<Json> {
  switch (request.method) {
    case 'jail.problems':
      return (await host.problems(signal)).map(({ what, hint }) => ({ what, hint }));
    case 'jail.place':
      await host.place(request.jail, request.files, signal);
      return null;
    case 'jail.spawn':
      return asJson(await processes.start(request.order, signal));
    case 'jail.exit':
      return processes.exitOf(request.jail, request.process, signal);
    case 'jail.signal':
      await processes.signal(request.jail, request.process, request.signal);
      return null;
    case 'jail.end':
      await processes.end(request.jail, request.process);
      return null;
    case 'jail.find':
      return (await host.find(request.jail)).map(asJson);
    case 'jail.giveOut':
      await host.giveOut(request.jail, request.name, signal);
      return null;
    case 'jail.remove':
      await host.remove(request.jail, signal);
      processes.forget(request.jail);
      return null;
    case 'jail.list':
      return [...(await host.list(signal))];
  }
}

function asJson({ pid, startTicks, bootId }: ProcessIdentity): Json {
  return { pid, startTicks, bootId };
}
