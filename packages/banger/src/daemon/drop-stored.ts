import { BangerError } from '@banger/protocol/errors';
import { ImageId, KernelId } from '@banger/protocol/ids';

import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import type { Machines } from '../machine/machines.ts';
import type { EventHub } from './event-hub.ts';
import { existing } from './existing.ts';
import { usersOf } from './present-stored.ts';

export interface DropDeps {
  readonly images: Images;
  readonly kernels: Kernels;
  readonly machines: Machines;
  readonly events: EventHub;
}

/** As much as is known of one that may be damaged. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** With what was made from it; rejects while a VM uses it. */
export async function dropImage(
  { images, machines, events }: DropDeps,
  { id: text, name }: Named,
  operation: string,
): Promise<void> {
  refuseInUse('image', name, usersOf(machines, 'imageId', text));
  const id = ImageId.parse(text);
  await machines.templates.dropFor(id);
  await images.remove(id);
  events.emit({ type: 'image.deleted', image: id, name }, operation);
}

/** With what was made from it; rejects while a VM uses it, or an image is made for it and no other has its name. */
export async function dropKernel(
  { images, kernels, machines, events }: DropDeps,
  { id: text, name }: Named,
  operation: string,
): Promise<void> {
  refuseInUse('kernel', name, usersOf(machines, 'kernelId', text));
  const isOnly = (await kernels.list()).filter((one) => one.name === name).length <= 1;
  const made = (await images.list()).find(({ kernel }) => kernel === name);
  if (isOnly && made !== undefined) {
    throw new BangerError(
      'kernel.in_use',
      `Cannot delete kernel "${name}": image "${made.name}" is made for it`,
      { hint: `banger image delete ${made.name}`, details: { usedBy: [] } },
    );
  }
  const id = KernelId.parse(text);
  await machines.templates.dropFor(id);
  await kernels.remove(id);
  events.emit({ type: 'kernel.deleted', kernel: id, name }, operation);
}

/** What is damaged can be deleted too. */
export async function deletable(
  noun: 'image' | 'kernel',
  reference: string,
  found: Promise<Named | undefined>,
): Promise<Named> {
  try {
    return await existing(noun, reference, found);
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== `${noun}.damaged`) throw error;
    return { id: String(error.details['id']), name: reference };
  }
}

function refuseInUse(noun: 'image' | 'kernel', name: string, users: readonly string[]): void {
  if (users.length === 0) return;
  throw new BangerError(
    `${noun}.in_use`,
    `Cannot delete ${noun} "${name}": VM ${users.join(', ')} uses it`,
    {
      hint: `banger vm delete ${users.join(' ')}`,
      details: { usedBy: users },
    },
  );
}
