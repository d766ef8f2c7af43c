import { BangerError } from '@banger/protocol/errors';
import type { ImageId, KernelId } from '@banger/protocol/ids';
import type { Template } from '@banger/protocol/template';

import type { StoredTemplate, Templates } from '../../template/templates.ts';
import { isAlive } from '../decide.ts';
import type { Population } from '../population.ts';
import type { Standbys } from './standbys.ts';

export interface TemplateVerbsDeps {
  readonly templates: Templates;
  readonly population: Population;
  readonly standbys: Standbys;
}

/** What users see of templates, and may do with them. */
export class TemplateVerbs {
  readonly #deps: TemplateVerbsDeps;

  constructor(deps: TemplateVerbsDeps) {
    this.#deps = deps;
  }

  async list(): Promise<Template[]> {
    return (await this.#deps.templates.list()).map((template) => this.#present(template));
  }

  async delete(reference: string): Promise<void> {
    const all = await this.list();
    const exact = all.filter(({ id }) => id === reference);
    const found = exact.length > 0 ? exact : all.filter(({ id }) => startsWith(id, reference));
    const [template] = found;
    if (template === undefined || found.length > 1) throw notFound(reference, found.length);
    if (template.usedBy.length > 0) throw inUse(template);
    await this.#remove(template);
  }

  /** Resolves with what is gone. */
  async prune(): Promise<Template[]> {
    const idle = (await this.list()).filter(({ usedBy }) => usedBy.length === 0);
    for (const template of idle) await this.#remove(template);
    return idle;
  }

  /** With an image or a kernel go the templates that were made from it. */
  async dropFor(part: ImageId | KernelId): Promise<void> {
    await this.#deps.standbys.drop(part);
    for (const template of await this.list()) {
      if ([template.imageId, template.kernelId].some((id) => id === part))
        await this.#remove(template);
    }
  }

  async #remove({ id }: Pick<Template, 'id'>): Promise<void> {
    await this.#deps.standbys.drop(id);
    await this.#deps.templates.remove(id);
  }

  #present(stored: StoredTemplate): Template {
    const { id, shape, imageName, kernelName, sizeBytes, createdAt, lastUsedAt } = stored;
    const { depth, kernelId, vmm, fingerprint, accel, vcpu, memoryMib } = shape;
    const users = this.#deps.population.users().filter(({ record: { state, plan } }) => {
      return isAlive(state) && plan?.start.template === id;
    });
    return {
      ...{ id, depth, kernelId, vmm, accel, vcpu, memoryMib, sizeBytes, createdAt, lastUsedAt },
      image: imageName,
      imageId: shape.image?.id ?? null,
      kernel: kernelName,
      vmmVersion: fingerprint.version,
      usedBy: users.map(({ record }) => record.name),
      standby: this.#deps.standbys.countOf(id),
    };
  }
}

/** With or without `tpl_`, as for other ids. */
function startsWith(id: string, reference: string): boolean {
  return id.startsWith(reference) || id.startsWith(`tpl_${reference}`);
}

function notFound(reference: string, count: number): BangerError {
  const what = count > 1 ? `${String(count)} ids begin with it` : 'there is none of this id';
  return new BangerError('template.not_found', `Cannot find template "${reference}": ${what}`, {
    hint: 'banger template list',
  });
}

function inUse({ id, usedBy }: Template): BangerError {
  return new BangerError(
    'template.in_use',
    `Cannot delete template "${id}": ${usedBy.join(', ')} ${usedBy.length > 1 ? 'run' : 'runs'} as a fork of it`,
    { hint: `banger vm stop ${usedBy.join(' ')}` },
  );
}
