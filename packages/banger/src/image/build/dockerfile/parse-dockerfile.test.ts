import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { Instruction } from './dockerfile.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

function parse(...lines: readonly string[]) {
  return parseDockerfile(`${lines.join('\n')}\n`, 'Dockerfile');
}

/** The instructions of one stage, without where they are. */
function instructions(...lines: readonly string[]) {
  const [stage] = parse('FROM scratch', ...lines).stages;
  return stage?.instructions.map(bare);
}

function bare(instruction: Instruction): Readonly<Record<string, unknown>> {
  const { line: _, ...rest } = instruction;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'text'));
}

function shell(text: string) {
  return { kind: 'run', command: { form: 'shell', text }, heredocs: [] };
}

suite('a Dockerfile', () => {
  test('has stages, with names and platforms, and arguments before them', () => {
    const { stages, globalArgs } = parse(
      'ARG V=1 W',
      'FROM --platform=linux/amd64 debian:$V AS Build',
      'RUN make',
      'from build',
    );

    assert.deepEqual(globalArgs[0]?.declared, [
      { name: 'V', value: '1' },
      { name: 'W', value: undefined },
    ]);
    assert.deepEqual(
      stages.map(({ base, name, platform, line }) => ({ base, name, platform, line })),
      [
        { base: 'debian:$V', name: 'build', platform: 'linux/amd64', line: 2 },
        { base: 'build', name: undefined, platform: undefined, line: 4 },
      ],
    );
  });

  test('joins continued lines without comments and empty lines between them', () => {
    assert.deepEqual(
      instructions('RUN a \\', '  # why', '', '  && b \\  ', '  && c\\\\', 'RUN d', '', '# end'),
      [shell('a   && b   && c\\\\'), shell('d')],
    );
  });

  test('takes another escape from its directive', () => {
    const { stages, escape } = parse('# escape=`', 'FROM scratch', 'RUN a `', '  b\\');
    assert.equal(escape, '`');
    assert.deepEqual(stages[0]?.instructions.map(bare), [shell('a   b\\')]);
  });

  test('reads heredocs by their names, quotes and dashes', () => {
    const [run] = instructions('RUN <<A cat - <<-"B"', 'one', ' A', 'A', '\ttwo $x', '\tB') ?? [];
    assert.deepEqual(run?.['heredocs'], [
      { name: 'A', isChomped: false, isExpanded: true, content: 'one\n A\n' },
      { name: 'B', isChomped: true, isExpanded: false, content: '\ttwo $x\n' },
    ]);
  });

  test('does not take shifts, here-strings and JSON for heredocs', () => {
    const lines = ['RUN echo $((1<<2))', 'RUN cat <<<x', 'RUN ["a", "<<EOF"]'];
    const heredocs = instructions(...lines)?.map((one) => one['heredocs']);
    assert.deepEqual(heredocs, [[], [], []]);
  });

  test('reads COPY in all its forms', () => {
    const plain = { inline: [], from: undefined, chown: undefined, chmod: undefined };
    assert.deepEqual(
      instructions(
        'COPY a b /c/',
        'COPY --from=x --chown=1:2 --chmod=755 --link ["a b", "c"]',
        'ADD <<F /f',
        'text',
        'F',
      ),
      [
        { kind: 'copy', ...plain, sources: ['a', 'b'], destination: '/c/' },
        {
          ...{ kind: 'copy', inline: [], sources: ['a b'], destination: 'c' },
          ...{ from: 'x', chown: '1:2', chmod: '755' },
        },
        {
          ...{ kind: 'add', ...plain, sources: [], destination: '/f' },
          inline: [{ name: 'F', isChomped: false, isExpanded: true, content: 'text\n' }],
        },
      ],
    );
  });

  test('reads names and values in the new and the old form', () => {
    assert.deepEqual(instructions('ENV a=1 b="x y" c=a\\ b', 'ENV d e  f', 'LABEL "x.y"=z'), [
      {
        kind: 'env',
        pairs: [
          ['a', '1'],
          ['b', '"x y"'],
          ['c', 'a\\ b'],
        ],
      },
      { kind: 'env', pairs: [['d', 'e  f']] },
      { kind: 'label', pairs: [['"x.y"', 'z']] },
    ]);
  });

  test('reads the instructions that only describe', () => {
    assert.deepEqual(
      instructions(
        'CMD ["a"]',
        'ENTRYPOINT exec top',
        'EXPOSE 80 443/tcp',
        'VOLUME ["/a b"]',
        'SHELL ["sh", "-c"]',
        'STOPSIGNAL SIGQUIT',
        'HEALTHCHECK --interval=5s CMD true',
        'HEALTHCHECK NONE',
        'ONBUILD RUN make',
        'MAINTAINER A B',
      ),
      [
        { kind: 'cmd', command: { form: 'exec', argv: ['a'] } },
        { kind: 'entrypoint', command: { form: 'shell', text: 'exec top' } },
        { kind: 'expose', values: ['80', '443/tcp'] },
        { kind: 'volume', values: ['/a b'] },
        { kind: 'shell', argv: ['sh', '-c'] },
        { kind: 'stopsignal', value: 'SIGQUIT' },
        {
          kind: 'healthcheck',
          health: {
            command: { form: 'shell', text: 'true' },
            options: new Map([['interval', '5s']]),
          },
        },
        { kind: 'healthcheck', health: { command: 'none', options: new Map() } },
        { kind: 'onbuild', trigger: 'RUN make' },
        { kind: 'maintainer', value: 'A B' },
      ],
    );
  });

  test('is read with the line ends of any editor', () => {
    const { stages } = parseDockerfile('\uFEFFFROM scratch\r\nRUN a \\\r\n  b', 'Dockerfile');
    assert.deepEqual(stages[0]?.instructions.map(bare), [shell('a   b')]);
  });

  test('with a syntax directive is warned about', () => {
    const { warnings } = parse('# syntax=docker/dockerfile:1', 'FROM scratch');
    assert.deepEqual(warnings, [
      'Dockerfile: "# syntax=docker/dockerfile:1" has no effect: banger reads Dockerfiles itself',
    ]);
  });
});

suite('a Dockerfile is refused', () => {
  const table: Readonly<Record<string, readonly string[]>> = {
    'Dockerfile:2: "RUNN" is no instruction': ['FROM scratch', 'RUNN x'],
    'Dockerfile:2: RUN --mount is not supported: a step sees only its own root file system; COPY what it needs':
      ['FROM scratch', 'RUN --mount=type=cache,target=/x make'],
    'Dockerfile:2: COPY --frm: there is no such flag': ['FROM scratch', 'COPY --frm=x a b'],
    'Dockerfile:3: COPY needs a source and a destination': ['FROM scratch', '', 'COPY a'],
    'Dockerfile:1: there is no FROM before it; only ARG may come first': ['RUN x', 'FROM scratch'],
    'Dockerfile:1: there is no FROM': ['# nothing'],
    'Dockerfile:2: the heredoc "E" does not end: there is no line "E"': ['FROM scratch', 'RUN <<E'],
    'Dockerfile:1: FROM needs an image, and perhaps AS and a name': ['FROM a b'],
    'Dockerfile:2: the JSON form has something that is no text in its array': [
      ...['FROM scratch', 'CMD [1]'],
    ],
    'Dockerfile:2: ADD of "https://x/y" is not supported: ADD fetches nothing; use a RUN with curl or git':
      ['FROM scratch', 'ADD https://x/y /'],
    'Dockerfile:2: ONBUILD FROM is not allowed': ['FROM scratch', 'ONBUILD FROM x'],
    'Dockerfile:2: "b" is not NAME=value': ['FROM scratch', 'ENV a=1 b'],
    'Dockerfile:2: COPY of several sources needs a directory: "c/", with a slash at its end': [
      ...['FROM scratch', 'COPY a b c'],
    ],
  };
  for (const [message, lines] of Object.entries(table)) {
    test(message, () => {
      assert.throws(() => parse(...lines), { code: 'build.invalid', message });
    });
  }

  test('for all that is wrong at once, the first ones named', () => {
    const wrong = Array.from({ length: 7 }, (_, at) => `X${String(at)}`);
    assert.throws(() => parse('FROM scratch', ...wrong), {
      message: /^Dockerfile:2: "X0" is no instruction; .*Dockerfile:6: .*; and 2 more$/,
    });
  });
});
