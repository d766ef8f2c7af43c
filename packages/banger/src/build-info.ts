/** Which build of banger this is. `scripts/build.ts` puts the values in; run from source, it is `dev`, made at 0. */
export interface BuildInfo {
  readonly version: string;
  /** First 16 hex digits of the SHA-256 over the sources */
  readonly id: string;
  /** When it was made, in ms since the epoch; 0 when it was not */
  readonly time: number;
}

declare const BANGER_BUILD: BuildInfo | undefined;

export const buildInfo: BuildInfo =
  typeof BANGER_BUILD === 'undefined' ? { version: '0.1.0', id: 'dev', time: 0 } : BANGER_BUILD;

export const { version, id, time } = buildInfo;
