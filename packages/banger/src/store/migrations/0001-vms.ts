/** VMs, what their steps did, and facts about the host that outlive a daemon. */
export const vms = `
CREATE TABLE vms (
  id          TEXT PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  record      TEXT NOT NULL,
  generation  INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  vm         TEXT NOT NULL,
  at         TEXT NOT NULL,
  operation  TEXT NOT NULL,
  step       TEXT NOT NULL,
  phase      TEXT NOT NULL,
  error      TEXT
) STRICT;
CREATE INDEX journal_vm ON journal (vm);

CREATE TABLE facts (
  key    TEXT PRIMARY KEY,
  value  TEXT NOT NULL,
  at     TEXT NOT NULL
) STRICT;
`;
