import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { spec as Spec } from 'node:test/reporters';
import type { TestEvent } from 'node:test/reporters';

/**
 * A reporter for `node --test`: what `spec` says, the time of each file when it is through, and last of all the failed
 * tests by the file that was run. `spec` names the place of the call of `test`, which for end-to-end tests is always the
 * same line of `sandbox-home.ts`.
 */
// eslint-disable-next-line no-restricted-exports -- `node --test-reporter` asks for it
export default async function* reportTests(
  source: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const failures: string[] = [];
  for await (const text of Readable.from(withTimes(source, failures)).pipe(new Spec())) {
    yield String(text);
  }
  if (failures.length > 0) yield `\nfailed:\n${failures.join('\n')}\n`;
}

async function* withTimes(
  source: AsyncIterable<TestEvent>,
  failures: string[],
): AsyncGenerator<TestEvent> {
  const names: string[] = [];
  for await (const event of source) {
    yield event;
    const { type, data } = event;
    if (type === 'test:start') names.splice(data.nesting, Infinity, data.name);
    // A test that failed by its parts is told of by them.
    if (type === 'test:fail' && !isOfItsParts(data.details.error)) {
      const path = [...names.slice(0, data.nesting), data.name].join(' > ');
      failures.push(`  ${fileOf(data)}: ${path}`);
    }
    if (type === 'test:summary' && data.file !== undefined) {
      const seconds = (data.duration_ms / 1000).toFixed(1);
      const message = `${fileOf(data)} took ${seconds} s`;
      yield { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } };
    }
  }
}

function isOfItsParts(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}

/** Of the file that was run, which calls others; newer than the types of Node that we have */
function fileOf(data: {
  readonly file?: string | undefined;
  readonly entryFile?: unknown;
}): string {
  const file = typeof data.entryFile === 'string' ? data.entryFile : (data.file ?? '');
  return relative(process.cwd(), file);
}
