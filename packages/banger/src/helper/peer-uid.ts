/**
 * The uid of a connection's other end, which systemd asks the kernel for (SO_PEERCRED; Node cannot) and writes at the end
 * of the instance's name. `<number>-<pid>-<uid>` up to systemd 255; later `<number>-<socket cookie>-<pid>-<uid>`, and the
 * pid may be followed by `_<id of its pidfd>` (systemd, src/core/socket.c, instance_from_socket). Undefined for any other.
 */
export function peerUid(instance: string): number | undefined {
  const uid = /^\d+-(?:\d+-)?\d+(?:_\d+)?-(\d{1,10})$/.exec(instance)?.[1];
  return uid === undefined ? undefined : Number(uid);
}
