/** Plans know where a VM's saved states and host key are, its machine-id, and what a run begins from. */
export const savedStates = `
UPDATE vms SET record = json_set(
  record,
  '$.plan.paths.savedDir', json_extract(record, '$.plan.paths.dir') || '/saved',
  '$.plan.paths.snapshots', json_extract(record, '$.plan.paths.dir') || '/snapshots',
  '$.plan.paths.hostKey', json_extract(record, '$.plan.paths.dir') || '/ssh_host_ed25519_key',
  '$.plan.machineId', lower(hex(randomblob(16))),
  '$.plan.start', json('{"from":"power-on","template":null,"memory":{"kind":"own"},"state":null,"disks":null}')
) WHERE json_extract(record, '$.plan') IS NOT NULL;
`;
