import { once } from 'node:events';

import { jailHostContract } from '../../../../../../test/contract/jail-host.ts';
import { createFakeJailHost, createFakeJails } from './fake-jail-host.ts';

jailHostContract({
  name: 'fake',
  start() {
    const host = createFakeJails();
    const put = (name: string, file: { content: string } | { link: string }) => {
      const path = `/files/${name}`;
      host.files.set(path, 'link' in file ? file : { ...file, isOursAlone: true });
      return Promise.resolve(path);
    };
    return Promise.resolve({
      caller: () => createFakeJailHost(host, ({ killed }) => once(killed, 'abort').then(() => 0)),
      file: (name, content) => put(name, { content }),
      link: (name, to) => put(name, { link: to }),
      path: (name) => `/files/${name}`,
      read(path) {
        const file = host.files.get(path);
        if (file === undefined || 'link' in file) return Promise.reject(new Error('ENOENT'));
        return Promise.resolve({ content: file.content, isOursAlone: file.isOursAlone });
      },
      entries: (id) => {
        const entries = host.jails.get(id)?.entries;
        return Promise.resolve(entries && [...entries.keys()].sort());
      },
      makeInJail(id, name, made) {
        host.jails.get(id)?.entries.set(name, { isOursAlone: false, ...made });
        return Promise.resolve();
      },
      netns() {
        host.netns.add('/run/netns/one');
        return Promise.resolve('/run/netns/one');
      },
      isInNetns: (id, path) => Promise.resolve(host.jails.get(id)?.netns === path),
      state: () => Promise.resolve(JSON.stringify([...host.jails.keys()])),
      args: [],
      isUp: () => Promise.resolve(),
      logFile: '/log',
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});
