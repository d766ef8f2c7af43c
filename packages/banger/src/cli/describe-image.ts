import { formatBytes } from '@banger/protocol/size-text';
import type { Image } from '@banger/sdk';

import { commandLine } from './describe-session.ts';
import { fields, type Field } from './fields.ts';

/** An image's record for a person. */
export function describeImage(image: Image): readonly string[] {
  return fields([
    ['name', image.name],
    ['id', image.id],
    ['kind', image.kind],
    ['digest', image.digest ?? undefined],
    ['init', image.init === 'image' ? "the image's own" : "banger's agent"],
    ['kernel', image.kernel ?? 'any'],
    ['size', formatBytes(image.sizeBytes)],
    ['created', image.createdAt],
    ...runFields(image),
    ['used by', image.usedBy.join(', ') || 'no VM'],
    ['path', image.path],
    ['about', image.description],
  ]);
}

/** How it says that it is run. Values of the environment stay out of a terminal's history; `--json` has them. */
function runFields({ config }: Image): readonly Field[] {
  const { entrypoint, cmd, env, user, workingDir, stopSignal, labels, healthcheck } = config;
  const list: readonly Field[] = [
    ['entrypoint', entrypoint === null ? '' : commandLine(entrypoint)],
    ['command', cmd === null ? '' : commandLine(cmd)],
    ['environment', env.map((text) => text.replace(/=.*$/s, '')).join(' ')],
    ['user', user],
    ['directory', workingDir],
    ['stop signal', stopSignal ?? ''],
    ['ports', config.exposedPorts.join(' ')],
    ['volumes', config.volumes.join(' ')],
    ['health check', healthcheck === null ? '' : commandLine(healthcheck.test)],
    ...Object.entries(labels).map(([name, text]): Field => ['label', `${name}=${text}`]),
  ];
  return list.flatMap(([label, text = '']): readonly Field[] =>
    text === '' ? [] : [[label, printable(text)]],
  );
}

/** An image may say anything, also what a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '�');
}
