/** Names that only the daemon knows. */
export type LiveName =
  /** VMs; `isUp`: those that run, or those that do not */
  | { readonly kind: 'vm'; readonly isUp?: boolean }
  | { readonly kind: 'image' | 'kernel' | 'template' }
  | { readonly kind: 'snapshot' | 'session'; readonly vm: string }
  /** `VM:path`, or a file of the host */
  | { readonly kind: 'place' };

/** What the verbs of running VMs can do something with. */
const NEED_RUNNING = new Set([
  ...['stop', 'restart', 'kill', 'pause', 'suspend', 'snapshot', 'fork', 'ssh', 'exec', 'stats'],
  ...['top', 'ports', 'forward', 'acp', 'workspace prepare', 'workspace export'],
]);
const NEED_IDLE = new Set(['start', 'set']);

export interface LiveContext {
  /** `vm exec` */
  readonly command: string;
  /** The first operand, which names the VM that a snapshot or session belongs to */
  readonly vm: string | undefined;
}

/** Which names an operand or flag called `name` in a usage line stands for. */
export function liveKind(name: string, { command, vm }: LiveContext): LiveName | undefined {
  switch (name) {
    case 'vm': {
      const verb = command.replace(/^vm /, '');
      if (NEED_RUNNING.has(verb) || verb.startsWith('session ')) return { kind: 'vm', isUp: true };
      return NEED_IDLE.has(verb) ? { kind: 'vm', isUp: false } : { kind: 'vm' };
    }
    case 'image':
    case 'kernel':
    case 'template':
      return { kind: name };
    case 'session':
      return vm === undefined ? undefined : { kind: 'session', vm };
    case 'name':
      return vm !== undefined && command === 'vm restore' ? { kind: 'snapshot', vm } : undefined;
    case 'src':
    case 'dst':
      return { kind: 'place' };
    default:
      return undefined;
  }
}
