import { resolverHostContract } from '../../../../../test/contract/resolver-host.ts';
import { fakeResolverScene } from '../../../../../test/support/resolver-scene.ts';

resolverHostContract({ name: 'fake', start: () => Promise.resolve(fakeResolverScene()) });
