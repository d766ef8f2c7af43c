import { api } from '@banger/protocol/api';
import { SentContext } from '@banger/protocol/build';
import type { Image } from '@banger/protocol/image';
import { streams } from '@banger/protocol/streams';

import { signalOf, type CallOptions } from '../call-options.ts';
import type { Caller } from '../caller.ts';
import { batched } from '../files/batched.ts';
import { packTree } from '../files/pack-tree.ts';
import { watched } from '../files/watched.ts';
import { readText } from '../read-text.ts';
import { nameOfText } from '../tar/byte-name.ts';
import { listWanted } from './list-wanted.ts';
import { readSource, type BuildSource } from './read-source.ts';
import { writeLayout } from './write-layout.ts';

export interface BuildOptions extends CallOptions, BuildSource {
  /** Of the image; made up from its content when left out */
  readonly name?: string | undefined;
  /** Values of ARGs */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** The stage to build; the last one when left out */
  readonly target?: string | undefined;
  /** Runs every step again */
  readonly noCache?: boolean | undefined;
  /** Asks registries again for what stages begin from */
  readonly pull?: boolean | undefined;
  /** Writes the image for other tools, too: an OCI layout's directory, or its archive when it ends with `.tar` */
  readonly output?: string | undefined;
  readonly vcpu?: number | undefined;
  readonly memoryMib?: number | undefined;
}

/** Builds a Dockerfile. What it is made from is read here; each RUN is run in a VM of the daemon's. */
export async function buildImage(alone: Caller, options: BuildOptions): Promise<Image> {
  const caller = alone.inOneOperation();
  const { context } = options;
  const { dockerfile, patterns } = await readSource(options);
  const { name, target, noCache, pull, vcpu, memoryMib } = options;
  const plan = { dockerfile, name, args: { ...options.args }, target };
  if (dockerfile.text !== undefined) {
    const { warnings } = await caller.call(api.checkBuild, plan, options);
    for (const warning of warnings) options.onWarning?.(warning);
  }
  const onSkipped = (path: string) => {
    options.onWarning?.(`left out "${path}": it is no file, directory or link`);
  };
  const chunks =
    typeof context === 'string' ? contextOf(nameOfText(context), { patterns, onSkipped }) : context;
  const sent = chunks === undefined ? undefined : await send(caller, chunks, options);
  const wanted = { ...plan, noCache, pull, vcpu, memoryMib, context: sent?.context };
  const { output } = options;
  const keepLayers = output !== undefined;
  const image = await caller.call(api.buildImage, { ...wanted, keepLayers }, options);
  if (output !== undefined) await writeLayout(caller, { image: image.id, to: output }, options);
  return image;

  function contextOf(
    dir: string,
    choice: Pick<Parameters<typeof listWanted>[0], 'patterns' | 'onSkipped'>,
  ) {
    const signal = signalOf(options);
    const names = listWanted({ dir, ...choice, signal });
    return packTree(dir, { signal, isWanted: (path) => names.has(path) });
  }
}

async function send(
  caller: Caller,
  chunks: AsyncIterable<Uint8Array>,
  options: CallOptions,
): Promise<SentContext> {
  const sent = watched(chunks);
  options.onStage?.({ name: 'build-context', text: 'Sending the build context' });
  const since = performance.now();
  try {
    const response = await caller.upload(streams.buildContext, batched(sent), options);
    const answer = SentContext.parse(JSON.parse(await readText(response.body)));
    const ms = Math.round(performance.now() - since);
    options.onStage?.({ name: 'build-context', text: 'Sending the build context', ms });
    return answer;
  } catch (error) {
    signalOf(options).throwIfAborted();
    throw sent.failure() ?? error;
  }
}
