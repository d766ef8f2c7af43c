import { readBuildSource } from '../build-source.ts';
import { defineCommand } from '../command.ts';
import { readEnv } from '../exec-flags.ts';
import { flag } from '../flags.ts';
import { operands } from '../operands.ts';
import { stepOutput } from '../step-output.ts';
import { sizeFlags } from '../vm-flags.ts';

export const imageBuildCommand = defineCommand({
  name: 'image build',
  summary: 'Build an image from a Dockerfile, inside VMs',
  details: [
    'The context is the directory whose files COPY and ADD can take; the one you are in unless another is given. What its .dockerignore names is left out; DOCKERFILE.dockerignore counts before it. A dash is a tar archive on stdin, or, when it is none, a Dockerfile without files.',
    'Each RUN has a machine of its own, which begins with what the steps before it made and is gone afterwards. A step whose input did not change since an earlier build is not run again.',
    'What RUN writes goes to stderr, the name of the image to stdout. docs/dockerfile.md says what is supported.',
  ],
  operands: operands.maybe('context'),
  flags: {
    tag: flag.text('Name of the image', {
      short: 't',
      placeholder: 'NAME',
      default: 'made up from its content',
    }),
    file: flag.text('The Dockerfile; a dash is stdin', {
      short: 'f',
      placeholder: 'FILE',
      default: 'Dockerfile in the context',
    }),
    buildArg: flag.list('Value of an ARG; K alone takes it from here', { placeholder: 'K=V' }),
    target: flag.text('Stage to build', { placeholder: 'STAGE', default: 'the last one' }),
    output: flag.text(
      'Write it for other tools, too: an OCI layout (oci:DIR), or an archive of one',
      {
        placeholder: 'oci:DIR|FILE.tar',
      },
    ),
    noCache: flag.boolean('Run every step again'),
    pull: flag.boolean('Ask registries again for what stages begin from'),
    vcpu: sizeFlags.vcpu,
    memory: sizeFlags.memory,
  },
  examples: [
    'banger image build -t app .',
    'banger image build -t app:dev -f docker/Dockerfile --build-arg VERSION=2 --target dev .',
    'banger image build -t app --output app.tar . && skopeo copy oci-archive:app.tar docker://registry.example/app',
    'git archive HEAD | banger image build -t app -',
  ],
  calls: ['checkBuild', 'buildImage'],
  async run({ operand, flags }, { connect, out, work, world }) {
    const { tag, file, buildArg, target, output: to, noCache, pull, vcpu, memory } = flags;
    const source = await readBuildSource({ context: operand ?? '.', file }, world);
    const banger = await connect();
    const output = stepOutput(out);
    const image = await banger.images.build({
      ...work,
      ...source,
      ...{ name: tag, args: readEnv(buildArg, world), target, noCache, pull },
      ...{ vcpu, memoryMib: memory, output: to },
      onOutput: output.take,
      onStage: (stage) => {
        output.flush();
        out.stage(stage);
      },
    });
    await out.result(image.name, image);
    return 0;
  },
});
