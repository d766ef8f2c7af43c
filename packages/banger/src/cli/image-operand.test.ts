import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { imageSource } from './image-operand.ts';

const exists = (path: string) => ['app.tar', 'layout', './a:b'].includes(path);

suite('what an image is pulled from', () => {
  for (const [text, expected] of [
    ['alpine', 'name alpine'],
    ['ghcr.io/ana/app:1', 'name ghcr.io/ana/app:1'],
    ['layout', 'name layout'],
    ['gone.tar', 'name gone.tar'],
    ['oci:latest', 'name oci:latest'],
    ['app.tar', 'archive app.tar'],
    ['./app', 'archive ./app'],
    ['../app', 'archive ../app'],
    ['/tmp/app', 'archive /tmp/app'],
    ['~/app', 'archive ~/app'],
    ['.', 'archive .'],
    ['oci:layout', 'archive layout'],
    ['oci:layout:1', 'archive layout 1'],
    ['oci:/tmp/x:ghcr.io/ana/app:1', 'archive /tmp/x ghcr.io/ana/app:1'],
    ['oci-archive:./x.tar', 'archive ./x.tar'],
    ['docker-archive:app.tar:app:1', 'archive app.tar app:1'],
    ['oci:./a:b', 'archive ./a:b'],
    ['-', 'stdin'],
  ] as const) {
    test(`${text} is ${expected}`, () => {
      const source = imageSource(text, exists);

      const { kind, ...rest } = source;
      const parts = Object.values(rest).filter((part) => part !== undefined);
      assert.equal([kind, ...parts].join(' '), expected);
    });
  }
});
