import { formatBytes } from '@banger/protocol/size-text';

import { defineCommand } from '../command.ts';
import { fields } from '../fields.ts';
import { operands } from '../operands.ts';

export const imageShowCommand = defineCommand({
  name: 'image show',
  summary: 'Show an image',
  operands: operands.one('image'),
  flags: {},
  examples: ['banger image show debian-bookworm'],
  calls: ['showImage'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    const image = await banger.images.show(operand, { signal });
    const text = fields([
      ['name', image.name],
      ['id', image.id],
      ['kind', image.kind],
      ['init', image.init === 'image' ? "the image's own" : "banger's agent"],
      ['size', formatBytes(image.sizeBytes)],
      ['created', image.createdAt],
      ['used by', image.usedBy.join(', ') || 'no VM'],
      ['path', image.path],
      ['about', image.description],
    ]);
    await out.result(text, image);
    return 0;
  },
});
