import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { runToEnd } from './run-to-end.ts';

/** Debian's docker-registry on a port of its own, with everything below one directory that goes with it. */
export interface RealRegistry extends AsyncDisposable {
  /** `localhost:40000` */
  readonly host: string;
  /** With TLS: the CA that signed its certificate */
  readonly caFile: string;
}

export interface RealRegistryOptions {
  /** TLS with a CA of its own, and a login */
  readonly secure?: { readonly username: string; readonly password: string };
}

export async function startRealRegistry({
  secure,
}: RealRegistryOptions = {}): Promise<RealRegistry> {
  const dir = await mkdtempDisposable(join(tmpdir(), 'banger-registry-'));
  const port = await freePort();
  const config = join(dir.path, 'config.yml');
  const file = (name: string) => join(dir.path, name);
  const http = [`  addr: 127.0.0.1:${String(port)}`, '  secret: not a secret'];
  const lines = ['version: 0.1', 'log: { level: error }'];
  lines.push(`storage: { filesystem: { rootdirectory: ${file('data')} } }`);
  if (secure !== undefined) {
    await makeCertificates(dir.path);
    const { username, password } = secure;
    const { stdout } = await tool(['htpasswd', '-Bbn', username, password]);
    await writeFile(file('htpasswd'), stdout);
    lines.push(`auth: { htpasswd: { realm: here, path: ${file('htpasswd')} } }`);
    http.push(`  tls: { certificate: ${file('host.crt')}, key: ${file('host.key')} }`);
  }
  await writeFile(config, [...lines, 'http:', ...http, ''].join('\n'));
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await answers(port);
  return {
    host: `localhost:${String(port)}`,
    caFile: file('ca.crt'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await dir.remove();
    },
  };
}

async function makeCertificates(dir: string): Promise<void> {
  const openssl = (...args: string[]) => tool(['openssl', ...args], { cwd: dir });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca');
  await openssl('req', ...key, '-keyout', 'host.key', '-out', 'host.csr', '-subj', '/CN=localhost');
  await writeFile(join(dir, 'names'), 'subjectAltName=DNS:localhost');
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  await openssl(
    'x509',
    '-req',
    '-in',
    'host.csr',
    ...signing,
    '-extfile',
    'names',
    '-out',
    'host.crt',
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { status } = await runToEnd(['bash', '-c', `: < /dev/tcp/127.0.0.1/${String(port)}`], {});
    if (status === 0) return;
    await pause(50);
  }
  throw new Error('docker-registry does not listen');
}

/** Runs one of the tools that fill registries; it has to end with 0. */
export async function tool(argv: readonly string[], options: { readonly cwd?: string } = {}) {
  const finished = await runToEnd(argv, options);
  if (finished.status !== 0) throw new Error(`${argv.join(' ')}:\n${finished.stderr}`);
  return finished;
}

/** A root with busybox and nothing else: static, as an image on musl is for the host. */
export async function busyboxRoot(dir: string): Promise<string> {
  await mkdir(join(dir, 'bin'), { recursive: true });
  await mkdir(join(dir, 'etc'));
  await cp('/bin/busybox', join(dir, 'bin/busybox'));
  for (const name of ['sh', 'ls', 'cat', 'echo', 'id', 'env', 'true', 'uname', 'pwd']) {
    await symlink('busybox', join(dir, 'bin', name));
  }
  await writeFile(
    join(dir, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/:/bin/sh\n',
  );
  return dir;
}

/** A root with bash, cat and the libraries of this host that they need. */
export async function glibcRoot(dir: string): Promise<string> {
  for (const program of ['/bin/bash', '/bin/cat']) {
    const { stdout } = await tool(['ldd', program]);
    const libraries = stdout.matchAll(/(\/\S+) \(0x/g);
    for (const path of [program, ...Array.from(libraries, ([, path = '']) => path)]) {
      const to = join(dir, path);
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, await readFile(path), { mode: 0o755 });
    }
  }
  await symlink('bash', join(dir, 'bin/sh'));
  return dir;
}
