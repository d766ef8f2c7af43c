import type { IndexTarget } from './apt-index-targets.ts';

/** A repository of Debian's archive, ready for a `sources.list` line. */
export interface DebianSource {
  readonly uri: string;
  readonly suite: string;
  readonly signedBy: string | undefined;
}

/** What the configuration says instead of the host's own apt set-up. */
export interface ConfiguredMirrors {
  readonly debianMirror: string | undefined;
  readonly debianSecurityMirror: string | undefined;
}

/** What a Debian host's entries may call the release; others (Ubuntu's, Docker's) are not Debian's archive. */
const KNOWN_SUITES = new Set([
  ...['bullseye', 'bookworm', 'trixie', 'forky', 'duke', 'sid'],
  ...['oldoldstable', 'oldstable', 'stable', 'testing', 'unstable'],
]);

/**
 * The repositories for one release ("bookworm"): what is configured, else those of the host's own apt, which a host
 * with another release of Debian has for this one too under the same address. Main first; empty when nothing fits.
 */
export function chooseSources(
  release: string,
  targets: readonly IndexTarget[],
  { debianMirror, debianSecurityMirror }: ConfiguredMirrors,
): readonly DebianSource[] {
  const own = targets.filter(isDebianMain);
  const main = own.filter(({ suite }) => pocketOf(suite) !== 'security');
  const security = own.filter(({ suite }) => pocketOf(suite) === 'security');
  return [
    ...(debianMirror === undefined ? main : []).map((target) => fromTarget(release, target)),
    ...(debianMirror === undefined ? [] : [release, `${release}-updates`]).map((suite) => {
      return { uri: debianMirror ?? '', suite, signedBy: undefined };
    }),
    ...(debianSecurityMirror === undefined
      ? security.map((target) => fromTarget(release, target))
      : [{ uri: debianSecurityMirror, suite: `${release}-security`, signedBy: undefined }]),
  ]
    .map((source) => ({ ...source, uri: source.uri.replace(/\/$/, '') }))
    .filter(isFirstOfItsKind)
    .toSorted((a, b) => Number(b.suite === release) - Number(a.suite === release));
}

/** The lines of a `sources.list`. `options` as in sources.list(5), such as `target=Packages`. */
export function sourcesList(
  sources: readonly DebianSource[],
  options: readonly string[] = [],
): string {
  return sources
    .map(({ uri, suite, signedBy }) => {
      const all = [...options, ...(signedBy === undefined ? [] : [`signed-by=${signedBy}`])];
      return `deb ${all.length > 0 ? `[${all.join(' ')}] ` : ''}${uri} ${suite} main\n`;
    })
    .join('');
}

type Pocket = 'main' | 'updates' | 'security';

/** "trixie-updates" is the updates pocket; backports and the like are none that an image is made from. */
function pocketOf(suite: string): Pocket | undefined {
  const [base = '', pocket = 'main', more] = suite.split(/[-/]/);
  if (!KNOWN_SUITES.has(base) || more !== undefined) return undefined;
  return pocket === 'main' || pocket === 'updates' || pocket === 'security' ? pocket : undefined;
}

function isDebianMain({ component, origin, suite }: IndexTarget): boolean {
  if (component !== 'main' || pocketOf(suite) === undefined) return false;
  return origin === undefined || origin === 'Debian';
}

function fromTarget(release: string, { repository, suite, signedBy }: IndexTarget): DebianSource {
  const pocket = pocketOf(suite);
  return {
    uri: repository,
    suite: pocket === undefined || pocket === 'main' ? release : `${release}-${pocket}`,
    signedBy,
  };
}

function isFirstOfItsKind(
  source: DebianSource,
  index: number,
  all: readonly DebianSource[],
): boolean {
  const first = all.findIndex(({ uri, suite }) => uri === source.uri && suite === source.suite);
  return first === index;
}
