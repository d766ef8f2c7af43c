import type { FileNode } from '../file-tree.ts';

/** What ext4 cannot do for a node; whoever knows the tree makes it an error with a path. */
export class Ext4Limit extends Error {
  override readonly name = 'Ext4Limit';
  readonly node: FileNode;

  constructor(node: FileNode, message: string) {
    super(message);
    this.node = node;
  }
}
