import type { Command } from '../host/processes.ts';

export interface ArchivedTree {
  /** Of the tool, absolute */
  readonly tar: string;
  readonly tree: string;
  /** To be made */
  readonly file: string;
  /** `root`: everything belongs to root, whoever unpacked it */
  readonly owner: 'kept' | 'root';
}

/** Makes a layer of a directory: owners by number, extended attributes, in order of name. */
export function archiveTree({ tar, tree, file, owner }: ArchivedTree): Command {
  return [
    tar,
    ...['--create', `--file=${file}`, `--directory=${tree}`, '--format=posix', '--sort=name'],
    ...['--numeric-owner', '--xattrs', '--xattrs-include=*'],
    ...(owner === 'root' ? ['--owner=0', '--group=0'] : []),
    '.',
  ];
}
