import { rootDisksContract } from '../../../../test/contract/root-disks.ts';
import { createFakeRootDisks } from './fake-root-disks.ts';

rootDisksContract('fake disks', createFakeRootDisks);
