#!/bin/sh
# Lays a tree down as an ext4 file that is only ever read: pack-tree.sh MKFS TREE FILE EPOCH UUID LABEL
# No journal, no reserve, no room to grow, and nothing in it that depends on when or where it was made (the times
# that mkfs.ext4 takes from the host's inodes are settled afterwards, by settle-inodes.ts).
set -eu
mkfs=$1 tree=$2 file=$3 epoch=$4 uuid=$5 label=$6

# What the build made is as old as what it was made from; files from packages keep their dates.
find "$tree" -newermt "@$epoch" -exec touch --no-dereference --date="@$epoch" {} +

# Whole blocks of data, one more for each directory and long link, tables, and 1/64 for the maps of extents.
set -- $(find "$tree" -printf '%y %s\n' | awk '
  { inodes += 1 }
  $1 == "f" { blocks += int(($2 + 4095) / 4096) }
  $1 == "d" { blocks += int(($2 + 4095) / 4096) + 1 }
  $1 == "l" && $2 > 59 { blocks += 1 }
  END { print inodes + 64, int((blocks + inodes / 16) * 65 / 64) + 1024 }')

E2FSPROGS_FAKE_TIME=$epoch SOURCE_DATE_EPOCH=$epoch exec "$mkfs" -q -F -b 4096 -I 256 -N "$1" -m 0 \
  -O '^has_journal,^resize_inode,^metadata_csum,^uninit_bg' -L "$label" -U "$uuid" \
  -E "hash_seed=$uuid,nodiscard,lazy_itable_init=1" -d "$tree" "$file" "${2}"
