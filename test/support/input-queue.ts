import { EventEmitter, on } from 'node:events';

/** An input that never ends by itself, like that of a terminal nobody types on. */
export interface InputQueue<T> extends AsyncIterable<T> {
  push(item: T): void;
}

export function createInputQueue<T>(): InputQueue<T> {
  const events = new EventEmitter<{ item: [T] }>();
  const items = on(events, 'item'); // Collects from now on.
  return {
    push: (item) => events.emit('item', item),
    async *[Symbol.asyncIterator]() {
      for await (const [item] of items) yield item as T; // Only `push` emits.
    },
  };
}
