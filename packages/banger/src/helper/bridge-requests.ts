import { checkRequest } from './check-request.ts';
import { HelperRequest } from './helper-protocol.ts';
import type { HelperSettings } from './helper-settings.ts';
import { performRequest, type HelperHosts } from './perform-request.ts';
import type { RequestList } from './request-list.ts';

/** What the helper for bridges does. */
export function bridgeRequests(settings: HelperSettings, hosts: HelperHosts): RequestList {
  return {
    read(value) {
      const { data: request } = HelperRequest.safeParse(value);
      if (request === undefined) return undefined;
      return {
        ...{ id: request.id, method: request.method },
        async perform(signal) {
          checkRequest(request, settings);
          return await performRequest(request, { hosts, settings }, signal);
        },
      };
    },
  };
}
