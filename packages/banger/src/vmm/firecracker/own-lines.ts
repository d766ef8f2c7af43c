/**
 * Firecracker writes its log where its guest's console goes (docs/decisions/0032). Its lines have the id that it was started
 * with, which the guest is not told: so no guest writes lines that are taken for Firecracker's.
 */

/** What Firecracker is started with as `--id`; it takes no underscore. */
export function instanceId(vm: string): string {
  return vm.replace('_', '-');
}

/** What Firecracker says in a line, from its time on: a console may have left a line half done. Undefined: nothing. */
export function ownLine(id: string, line: string): string | undefined {
  const at = line.indexOf(` [${id}:`);
  const [time] = /\d{4}-\d\d-\d\dT[\d:.]{8,18}Z?$/.exec(line.slice(0, Math.max(0, at))) ?? [];
  return time === undefined ? undefined : `${time}${line.slice(at)}`;
}
