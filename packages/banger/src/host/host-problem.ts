/** Why something does not work on this host. */
export interface HostProblem {
  readonly what: string;
  /** One line to paste */
  readonly hint: string;
}
