/** What an image says of a command that is run in it. */
export interface FromImage {
  /** Where nothing else is said: instead of the user's home, made if it is not there */
  readonly imageDir?: string | undefined;
  /** What asks it to end, of 1 to 64, sent to its leader alone; default: SIGTERM (a lost client: SIGHUP) to its group */
  readonly stopSignal?: number | undefined;
}
