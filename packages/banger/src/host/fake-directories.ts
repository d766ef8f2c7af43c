import type { Directories } from './directories.ts';

/** Remembers which directories exist; refuses a path that is not absolute, as every caller must have planned one. */
export function createFakeDirectories(): Directories & { readonly paths: Set<string> } {
  const paths = new Set<string>();
  return {
    paths,
    make(path) {
      if (!path.startsWith('/')) return Promise.reject(new Error(`not absolute: ${path}`));
      paths.add(path);
      return Promise.resolve();
    },
    remove(path) {
      for (const made of paths)
        if (made === path || made.startsWith(`${path}/`)) paths.delete(made);
      return Promise.resolve();
    },
  };
}
