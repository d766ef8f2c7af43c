import type { z } from 'zod';

import type { Api, RouteName } from '@banger/protocol/api';

import type { Operation } from '../machine/operation.ts';

export type Input<Name extends RouteName> = z.output<Api[Name]['input']>;
export type Output<Name extends RouteName> = z.input<Api[Name]['output']>;

/** One handler per route. A missing one, or a wrong shape, does not compile. */
export type Handlers = {
  readonly [Name in RouteName]: (input: Input<Name>, operation: Operation) => Promise<Output<Name>>;
};
