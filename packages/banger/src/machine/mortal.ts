/** Whether the daemon of a test is still alive. */
export interface Life {
  dead: boolean;
}

/**
 * A port as a process uses it that may be killed: once it is dead no call reaches the host and none ever returns.
 * Handles that a call gives out are mortal too.
 */
export function mortal<T extends object>(port: T, life: Life): T {
  return new Proxy(port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function') return member;
      return (...args: readonly unknown[]) => {
        if (life.dead) return never();
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise
          ? result.then((value: unknown) => outcome(value, life))
          : result;
      };
    },
  });
}

function outcome(value: unknown, life: Life): unknown {
  if (life.dead) return never();
  const isHandle = typeof value === 'object' && value !== null && Symbol.asyncDispose in value;
  return isHandle && 'gone' in value ? mortal(value, life) : value;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
