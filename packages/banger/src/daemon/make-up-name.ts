import { humanId } from 'human-id';

/** "calm-otter": readable, a DNS label, and not yet known to be free. */
export function makeUpName(): string {
  return humanId({ separator: '-', capitalize: false, adjectiveCount: 1, addAdverb: false })
    .split('-')
    .slice(0, 2)
    .join('-');
}
