import { readFileSync } from 'node:fs';

import * as z from 'zod';

const fault = z.object({
  /** "PUT /boot-source", "PATCH /drives/base", "*"; or a moment before there are requests */
  on: z.string(),
  /** Only at the n-th request of the process that `on` names, from 1; else at each */
  nth: z.int().min(1).optional(),
  do: z.enum([
    /** Ends by SIGKILL, and the request has not, or has been done. At `start`, before the socket is there. */
    'die-before',
    'die-after',
    /** Ends with status 1 and some words */
    'fail',
    /** No HTTP at all */
    'garbage',
    /** The right headers, and half of a body */
    'half',
    /** Never answers. At `start`: never makes its socket. */
    'silence',
    /** Closes the connection without an answer */
    'hang-up',
    'refuse',
    'break',
    'slow',
  ]),
  /** Of a `refuse` (400) or `break` (500) */
  message: z.string().default('The fake was told to'),
  /** Of a `slow` one, before it is done */
  delayMs: z.int().min(0).default(0),
});

/** What goes wrong, when. `on: 'start'` is the moment before the API's socket is made. */
export type Fault = z.infer<typeof fault>;
export type FaultInput = z.input<typeof fault>;

/** Read anew for each request, so that a test can change its mind while the program runs */
export class FaultPlan {
  readonly #file: string;
  readonly #seen = new Map<string, number>();

  constructor(file: string) {
    this.#file = file;
  }

  /** The fault of this moment; counts it. */
  at(moment: string): Fault | undefined {
    const faults = z.array(fault).parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    const count = (name: string) => {
      this.#seen.set(name, (this.#seen.get(name) ?? 0) + 1);
      return this.#seen.get(name);
    };
    const seen = count(moment);
    const seenAll = moment === 'start' ? 0 : count('*');
    return faults.find(({ on, nth }) => {
      if (on === moment) return nth === undefined || nth === seen;
      return on === '*' && moment !== 'start' && (nth === undefined || nth === seenAll);
    });
  }
}
