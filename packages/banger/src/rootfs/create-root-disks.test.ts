import { rootDisksContract } from '../../../../test/contract/root-disks.ts';
import { createRootDisks } from './create-root-disks.ts';

rootDisksContract('disks of ext4', () => createRootDisks());
