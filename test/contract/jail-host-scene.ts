import type { Child } from '../../packages/banger/src/host/processes.ts';
import type {
  Jail,
  JailFile,
  JailHost,
} from '../../packages/banger/src/vmm/firecracker/jail/jail-host.ts';

/** A host without jails. */
export interface JailScene extends AsyncDisposable {
  /** Another caller of the same banger, that knows nothing of any other */
  caller(): JailHost;
  /** A plain file of the caller's, that nobody else may read; gives its path */
  file(name: string, content: string): Promise<string>;
  /** A symbolic link beside these files */
  link(name: string, to: string): Promise<string>;
  /** A path beside them at which there is nothing */
  path(name: string): string;
  /** Text, and whose it is, of a file on the host */
  read(path: string): Promise<{ readonly content: string; readonly isOursAlone: boolean }>;
  /** What is in a jail's root directory, in alphabetical order; `undefined` without one */
  entries(id: string): Promise<readonly string[] | undefined>;
  /** As what runs in a jail would: a file, or a link */
  makeInJail(id: string, name: string, made: { content: string } | { link: string }): Promise<void>;
  /** The path of a network namespace that is not the host's */
  netns(): Promise<string>;
  /** Whether what runs in a jail is in it */
  isInNetns(id: string, path: string): Promise<boolean>;
  /** All that a JailHost may change but for the files above, to be compared */
  state(): Promise<string>;
  /** Of a program that runs in any jail until it is killed */
  readonly args: readonly string[];
  /** Resolves when that has come so far that it will */
  isUp(id: string): Promise<void>;
  readonly logFile: string;
}

export interface JailHostSubject {
  readonly name: string;
  readonly start: () => Promise<JailScene>;
}

const { signal } = new AbortController();

export function aJail(index: number): Jail {
  return { id: `vm-contract${String(index)}`, uid: 0x7abc_0000 + index };
}

export async function aStartedJail(scene: JailScene, jail: Jail): Promise<Child> {
  await scene.caller().place(jail, [await readOnly(scene, 'kernel', 'elf')], signal);
  return startUp(scene, jail);
}

export function spawn(scene: JailScene, { id }: Jail, netns?: string): Promise<Child> {
  const limits = { memoryMib: 64, vcpus: 1 };
  const { args, logFile } = scene;
  return scene.caller().spawn({ id, args: [...args], logFile, limits, netns }, signal);
}

export async function startUp(scene: JailScene, jail: Jail, netns?: string): Promise<Child> {
  const child = await spawn(scene, jail, netns);
  await scene.isUp(jail.id);
  return child;
}

export async function readOnly(
  scene: JailScene,
  name: JailFile['name'],
  content: string,
): Promise<JailFile> {
  return { name, hostPath: await scene.file(`${name}-${content}`, content), access: 'read' };
}

export async function writable(scene: JailScene, name: JailFile['name']): Promise<JailFile> {
  return { name, hostPath: await scene.file(name, 'disk'), access: 'write' };
}
