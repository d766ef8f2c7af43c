/**
 * How the guest is told which of its drives is which: by the serial number that the monitor gives it, or, under a
 * monitor that cannot, by its place among them (docs/guest-protocol.md).
 */

/**
 * In the order in which a monitor attaches them. Of a build, `work` is the delta: so its machine has the same devices as
 * any other, and begins from the same templates. A machine whose kernel has everything built in has no `modules`.
 */
export const driveOrder = ['base', 'overlay', 'work', 'modules'] as const;
export type DriveRole = (typeof driveOrder)[number];

/** At most 20 bytes each (virtio 1.2, section 5.2.6) */
export const driveSerials: Readonly<Record<DriveRole, string>> = {
  base: 'banger-base',
  overlay: 'banger-overlay',
  work: 'banger-work',
  modules: 'banger-modules',
};

const drivePlaces: Readonly<Record<DriveRole, string>> = {
  base: placeOf('base'),
  overlay: placeOf('overlay'),
  work: placeOf('work'),
  modules: placeOf('modules'),
};

/** What `Boot` calls the drives under a monitor that has these features. */
export function driveNames(features: {
  readonly driveSerials: boolean;
}): Readonly<Record<DriveRole, string>> {
  return features.driveSerials ? driveSerials : drivePlaces;
}

function placeOf(role: DriveRole): string {
  return `order:${String(driveOrder.indexOf(role))}`;
}
