import { createHash } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import { TemplateId } from '@banger/protocol/ids';
import type { Template } from '@banger/protocol/template';
import type { HygieneCheck, Snapshot, StartedFrom, Vm, VmDetails } from '@banger/protocol/vm';
import { CreateVmRequest, type ForkVmRequest } from '@banger/protocol/vm-requests';

import { describeFake } from './describe-fake.ts';
import type { FakeVms } from './fake-vms.ts';

const NOW = '2026-01-01T00:00:00.000Z';

/** What a fake daemon keeps of running machines: snapshots, templates, and what each VM began from. */
export class FakeSaved {
  /** What is found in the next VMs that begin from something saved */
  hygiene: HygieneCheck[] = [
    { name: 'hostname', ok: true, found: 'its own' },
    { name: 'clock', ok: true, found: '0.4 ms from the host' },
  ];
  readonly #vms: FakeVms;
  readonly #runs = new Map<string, Pick<VmDetails, 'startedFrom' | 'hygiene'>>();
  readonly #snapshots = new Map<string, readonly Snapshot[]>();
  readonly #templates = new Map<TemplateId, Omit<Template, 'usedBy'>>();

  constructor(vms: FakeVms) {
    this.#vms = vms;
  }

  /** The first start of an image makes its template, later ones begin from it. */
  began(vm: Vm, mayUseTemplate: boolean): Vm {
    if (vm.state.name !== 'running') return vm;
    const template = aTemplate(vm);
    const isKept = this.#templates.has(template.id);
    if (!mayUseTemplate) return this.#ran(vm, { kind: 'power-on', template: null });
    if (!isKept) this.#templates.set(template.id, template);
    return this.#ran(
      vm,
      isKept ? { kind: 't1', template: template.id } : { kind: 'power-on', template: null },
    );
  }

  start(reference: string): Vm {
    const before = this.#vms.find(reference).state.name;
    const vm = this.#vms.enter(reference, 'start');
    if (before === 'running') return vm;
    return this.#ran(vm, { kind: before === 'suspended' ? 'saved' : 'power-on', template: null });
  }

  fork(reference: string, { name, count }: ForkVmRequest): Vm[] {
    const { spec } = this.#vms.withMemory(reference, 'Cannot fork');
    return Array.from({ length: count }, (_, index) => {
      const own = name !== undefined && count > 1 ? `${name}-${String(index + 1)}` : name;
      const { image, vcpu, memoryMib } = spec;
      const vm = this.#vms.create(CreateVmRequest.parse({ name: own, image, vcpu, memoryMib }));
      return this.#ran(vm, { kind: 'fork', template: null });
    });
  }

  show(reference: string): VmDetails {
    const vm = this.#vms.find(reference);
    const run = this.#runs.get(vm.id) ?? { startedFrom: null, hygiene: [] };
    return { ...describeFake(vm), ...run, snapshots: [...this.snapshots(vm.id)] };
  }

  snapshots(reference: string): Snapshot[] {
    return [...(this.#snapshots.get(this.#vms.find(reference).id) ?? [])];
  }

  snapshot(reference: string, name = 'snap-20260101-000000'): Snapshot {
    const vm = this.#vms.withMemory(reference, 'Cannot snapshot');
    const others = this.snapshots(vm.id);
    if (others.some((other) => other.name === name)) {
      throw new BangerError(
        'snapshot.exists',
        `Cannot snapshot VM "${vm.name}": it has a snapshot "${name}"`,
        { hint: `banger vm snapshot --delete ${vm.name} ${name}` },
      );
    }
    const { workspace } = vm;
    const snapshot = { name, createdAt: NOW, sizeBytes: 3 * 1024 ** 2, workspace };
    this.#snapshots.set(vm.id, [...others, snapshot]);
    return snapshot;
  }

  restore(reference: string, name: string): Vm {
    const vm = this.#vms.find(reference);
    this.#findSnapshot(vm, name);
    return this.#ran(this.#vms.become(vm, 'running'), { kind: 'saved', template: null });
  }

  deleteSnapshot(reference: string, name: string): void {
    const vm = this.#vms.find(reference);
    const { name: found } = this.#findSnapshot(vm, name);
    const others = this.snapshots(vm.id).filter((one) => one.name !== found);
    this.#snapshots.set(vm.id, others);
  }

  templates(): Template[] {
    return Array.from(this.#templates.values(), (template) => ({
      ...template,
      usedBy: this.#usersOf(template.id),
    }));
  }

  deleteTemplate(reference: string): void {
    const found = this.templates().find(({ id }) => id.startsWith(reference));
    if (found === undefined) {
      throw new BangerError(
        'template.not_found',
        `Cannot delete template "${reference}": there is none`,
        { hint: 'banger template list' },
      );
    }
    if (found.usedBy.length > 0) {
      throw new BangerError(
        'template.in_use',
        `Cannot delete template "${found.id}": VM "${found.usedBy.join(', ')}" was forked from it`,
      );
    }
    this.#templates.delete(found.id);
  }

  pruneTemplates(): Template[] {
    const idle = this.templates().filter(({ usedBy }) => usedBy.length === 0);
    for (const { id } of idle) this.#templates.delete(id);
    return idle;
  }

  #ran(vm: Vm, startedFrom: StartedFrom): Vm {
    const hygiene = startedFrom.kind === 'power-on' ? [] : this.hygiene;
    this.#runs.set(vm.id, { startedFrom, hygiene });
    return vm;
  }

  #findSnapshot(vm: Vm, name: string): Snapshot {
    const found = this.snapshots(vm.id).find((snapshot) => snapshot.name === name);
    if (found !== undefined) return found;
    throw new BangerError(
      'snapshot.not_found',
      `Cannot find snapshot "${name}" of VM "${vm.name}": there is none`,
      { hint: `banger vm snapshot --list ${vm.name}` },
    );
  }

  #usersOf(template: TemplateId): string[] {
    return this.#vms
      .list(false)
      .filter(({ id }) => this.#runs.get(id)?.startedFrom?.template === template)
      .map(({ name }) => name);
  }
}

function aTemplate({ spec }: Vm): Omit<Template, 'usedBy'> {
  const { image, kernel, vmm, accel, vcpu, memoryMib } = spec;
  const shape = createHash('sha256').update(JSON.stringify([image, kernel, vcpu, memoryMib]));
  return {
    ...{ id: TemplateId.parse(`tpl_${shape.digest('hex').slice(0, 16)}`), depth: 't1' },
    ...{ image, imageId: 'img_0123456789abcdef' as never, kernel },
    ...{ kernelId: 'krn_0123456789abcdef' as never, vmm, vmmVersion: '1', accel, vcpu, memoryMib },
    ...{ sizeBytes: 120 * 1024 ** 2, createdAt: NOW, lastUsedAt: NOW, standby: 1 },
  };
}
