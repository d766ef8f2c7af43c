import { defineCommand } from '../command.ts';
import { flag } from '../flags.ts';
import { imageOperand } from '../image-operand.ts';
import { loadImage } from '../load-image.ts';

export const imagePullCommand = defineCommand({
  name: 'image pull',
  summary: 'Pull or build an image by name or reference, or load one from an archive',
  details: [
    'A name of the catalog comes first ("image list --available"). Anything else is a reference to an image of a registry, as Docker reads it: alpine:3.22 is docker.io/library/alpine:3.22. Logins are those of docker, podman and skopeo. An image that is here is not asked for again without --force.',
    'What begins like a path (./ ../ / ~/) is an archive on this machine: an OCI layout, as a directory or a tar, or what "docker save" writes; so is a name that ends in .tar and is there, and oci:DIR[:REF], oci-archive:FILE[:REF] and docker-archive:FILE[:REF]. A dash is one on stdin. Such an image is made anew each time.',
  ],
  operands: imageOperand,
  flags: {
    force: flag.boolean('Again, although it is here'),
    insecure: flag.boolean('Take any certificate of the registry, and plain HTTP'),
    platform: flag.text('Refuse any other than this; it has to be that of this machine', {
      placeholder: 'OS/ARCH',
    }),
    name: flag.text('What an image from an archive is called', {
      placeholder: 'NAME[:TAG]',
      default: "the archive's own name for it",
    }),
    ref: flag.text('Which image of an archive with several', { placeholder: 'REF' }),
  },
  examples: [
    'banger image pull debian-bookworm',
    'banger image pull --force alpine:3.22',
    'banger image pull localhost:5000/app@sha256:…',
    'banger image pull ./app.tar --name app:1',
    'docker save app | banger image pull -',
  ],
  calls: ['pullImage', 'loadImage'],
  async run({ operand, flags }, context) {
    const { connect, out, work } = context;
    const { name, ref, ...pull } = flags;
    const banger = await connect();
    const image =
      operand.kind === 'name'
        ? await banger.images.pull(operand.name, { ...work, ...pull })
        : await loadImage(operand, { name, ref }, { images: banger.images, context });
    await out.result(image.name, image);
    return 0;
  },
});
