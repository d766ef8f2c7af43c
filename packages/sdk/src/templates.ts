import { api } from '@banger/protocol/api';
import type { Template } from '@banger/protocol/template';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';

/** Booted machines that are kept for new VMs to be forked from. They are made as needed, by the first start of a shape. */
export interface Templates {
  list(options?: CallOptions): Promise<readonly Template[]>;
  /** `template` is a full id, or the beginning of one. One that a running VM was forked from is refused. */
  delete(template: string, options?: CallOptions): Promise<void>;
  /** Deletes every template that no running VM was forked from; resolves with them. */
  prune(options?: CallOptions): Promise<readonly Template[]>;
}

export function createTemplates({ call }: Caller): Templates {
  return {
    list: (options = {}) => call(api.listTemplates, {}, options),
    delete: async (template, options = {}) => {
      await call(api.deleteTemplate, { template }, options);
    },
    prune: (options = {}) => call(api.pruneTemplates, {}, options),
  };
}
