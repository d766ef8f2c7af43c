import type { Builds } from '../image/build/builds.ts';
import type { Machines } from '../machine/machines.ts';
import type { EventHub } from './event-hub.ts';
import type { Handlers } from './handler-table.ts';
import { presentImage } from './present-stored.ts';

export interface BuildHandlerDeps {
  readonly builds: Builds;
  readonly events: EventHub;
  readonly machines: Machines;
}

export function buildHandlers({
  builds,
  events,
  machines,
}: BuildHandlerDeps): Pick<Handlers, 'checkBuild' | 'buildImage'> {
  return {
    checkBuild: (request) => Promise.resolve({ warnings: [...builds.check(request)] }),
    async buildImage(request, operation) {
      const stored = await builds.build(request, operation);
      events.emit({ type: 'image.pulled', image: stored.id, name: stored.name }, operation.id);
      return presentImage(stored, machines);
    },
  };
}
