import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';

export const imagePullCommand = defineCommand({
  name: 'image pull',
  summary: 'Pull or build an image by name or reference',
  details: [
    'A name of the catalog comes first ("image list --available"). Anything else is a reference to an image of a registry, as Docker reads it: alpine:3.22 is docker.io/library/alpine:3.22. Logins are those of docker, podman and skopeo. An image that is here is not asked for again without --force.',
  ],
  operands: operands.one('image'),
  flags: {
    force: flag.boolean('Again, although it is here'),
    insecure: flag.boolean('Take any certificate of the registry, and plain HTTP'),
    platform: flag.text('Refuse any other than this; it has to be that of this machine', {
      placeholder: 'OS/ARCH',
    }),
  },
  examples: [
    'banger image pull debian-bookworm',
    'banger image pull --force alpine:3.22',
    'banger image pull localhost:5000/app@sha256:…',
  ],
  calls: ['pullImage'],
  async run({ operand, flags }, { connect, out, work }) {
    const banger = await connect();
    const image = await banger.images.pull(operand, { ...work, ...flags });
    await out.result(image.name, image);
    return 0;
  },
});
