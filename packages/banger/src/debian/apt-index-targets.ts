/** One index that the host's apt knows of, as far as it says which repository it comes from. */
export interface IndexTarget {
  readonly repository: string;
  /** As its source entry names it: "bookworm-security", "stable" */
  readonly suite: string;
  /** Known only once apt has fetched the release file */
  readonly codename: string | undefined;
  readonly origin: string | undefined;
  readonly component: string;
  /** Path of a keyring; only newer versions of apt tell */
  readonly signedBy: string | undefined;
}

const FIELDS = [
  ...['CREATED_BY', 'TARGET_OF', 'REPO_URI', 'RELEASE', 'CODENAME', 'ORIGIN', 'COMPONENT'],
  'SIGNED_BY',
];

/** For `apt-get indextargets --format`; apt puts the values in, and leaves a field that it does not know as it is. */
export const indexTargetFormat = FIELDS.map((field) => `$(${field})`).join('|');

/** Reads what `apt-get indextargets` printed in that format: the packages of binary repositories. */
export function parseIndexTargets(text: string): readonly IndexTarget[] {
  return text.split('\n').flatMap((line): IndexTarget[] => {
    const [createdBy, targetOf, repository, suite, codename, origin, component, signedBy] = line
      .split('|')
      .map((value) => (value === '' || value.startsWith('$(') ? undefined : value));
    if (createdBy !== 'Packages' || targetOf !== 'deb') return [];
    if (repository === undefined || suite === undefined || component === undefined) return [];
    return [
      {
        repository: repository.replace(/\/$/, ''),
        suite,
        codename,
        origin,
        component,
        signedBy: signedBy?.startsWith('/') === true ? signedBy : undefined,
      },
    ];
  });
}
