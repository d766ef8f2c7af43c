import assert from 'node:assert/strict';
import { test } from 'node:test';

import { carriedAptOptions } from './apt-options.ts';

test('proxies, certificates and the age of releases are passed on, and nothing else', () => {
  const dump = `APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.test:3128/";
Acquire::https::CaInfo "/etc/ssl/own.pem";
Acquire::http::Proxy::mirror.test "DIRECT";
Acquire::http "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Packages::MetaKey "$(COMPONENT)/Packages";
DPkg::Post-Invoke:: "rm -f /tmp/x";
`;

  assert.deepEqual(carriedAptOptions(dump), [
    'Acquire::http::Proxy "http://proxy.test:3128/";',
    'Acquire::https::CaInfo "/etc/ssl/own.pem";',
    'Acquire::http::Proxy::mirror.test "DIRECT";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});
