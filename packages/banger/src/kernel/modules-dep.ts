/** Module file by its name, as the kernel says it ("virtio_rng", whose file is `virtio-rng.ko`). */
export type ModuleFiles = ReadonlyMap<string, ModuleFile>;

export interface ModuleFile {
  /** Relative to `/lib/modules/<release>` */
  readonly path: string;
  /** Paths of what it needs, nearest first */
  readonly needs: readonly string[];
}

/** Reads depmod's `modules.dep`: one line for each module, `path: path path …`. */
export function parseModulesDep(text: string): ModuleFiles {
  const files = text.split('\n').flatMap((line): [string, ModuleFile][] => {
    const [path, needs] = line.split(':', 2);
    if (path === undefined || needs === undefined) return [];
    return [[moduleName(path), { path, needs: needs.split(' ').filter((need) => need !== '') }]];
  });
  return new Map(files);
}

/** "kernel/drivers/char/hw_random/virtio-rng.ko.xz" is "virtio_rng". */
export function moduleName(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.replace(/\.ko(?:\.\w+)?$/, '').replaceAll('-', '_');
}

/**
 * The module files to load for these names, each after everything it needs and each once. A name that is no module
 * is left out: the kernel has it built in, or not at all, and the guest finds out which.
 */
export function loadOrder(files: ModuleFiles, names: readonly string[]): readonly string[] {
  const ordered = new Set<string>();
  const visiting = new Set<string>();
  const visit = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || ordered.has(file.path)) return;
    if (visiting.has(name)) throw new Error(`modules.dep says that "${name}" needs itself`);
    visiting.add(name);
    for (const need of file.needs) visit(moduleName(need));
    visiting.delete(name);
    ordered.add(file.path);
  };
  for (const name of names) visit(name);
  return [...ordered];
}
