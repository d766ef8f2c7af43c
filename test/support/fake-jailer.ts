import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a program that can be taken for Firecracker's jailer, as far as its caller sees: it takes the same arguments,
 * copies the binary, makes the directories and the control groups, gives the root directory to the jail's user and
 * becomes Firecracker as that user, in the same process. Only it does not change the root directory, so that what
 * runs as Firecracker can be a script. It mounts its device for taps where that is looked for; the others are plain files.
 */
export async function createFakeJailer({
  dir,
  version = '1.16.1',
}: {
  readonly dir: string;
  readonly version?: string;
}): Promise<string> {
  await mkdir(dir, { recursive: true });
  const program = join(dir, 'jailer');
  await writeFile(program, script(version));
  await chmod(program, 0o755);
  return program;
}

function script(version: string): string {
  return `#!/bin/bash
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
fail() { echo "$1" >&2; echo "Error: $1" >&2; exit 1; }
# Each group of version 2 says which controllers those within it have (cgroups(7)).
hand_down() { # CONTROLLER MOUNT PATH
  local dir=$2 name
  echo "+$1" > "$dir/cgroup.subtree_control"
  for name in \${3//\// }; do
    dir=$dir/$name
    echo "+$1" > "$dir/cgroup.subtree_control"
  done
}
id= exec= uid= gid= base=/srv/jailer version=1 parent= groups=() enter=() resources=()
while [ $# -gt 0 ]; do
  case "$1" in
    --version) echo "Jailer v${version}"; echo; exit 0 ;;
    --) shift; break ;;
    --id) id=$2 ;;
    --exec-file) exec=$(realpath -e "$2") ;;
    --uid) uid=$2 ;;
    --gid) gid=$2 ;;
    --chroot-base-dir) base=$(realpath -e "$2") ;;
    --cgroup-version) version=$2 ;;
    --parent-cgroup) parent=$2 ;;
    --netns) enter=(nsenter "--net=$2" --) ;;
    --resource-limit) resources+=("$2") ;;
    --cgroup) groups+=("$2") ;;
    *) fail "Found argument '\${1#--}' which wasn't expected, or isn't valid in this context." ;;
  esac
  shift 2
done
for name in id exec uid gid; do
  [ -n "\${!name}" ] || fail "Argument '$name' required, but not found."
done
[[ $id =~ ^[A-Za-z0-9-]{1,64}$ ]] || fail "Invalid instance ID: $id"
[[ $uid =~ ^[0-9]+$ ]] || fail "Invalid uid: $uid"
[[ $parent != /* && /$parent/ != */../* ]] || fail "The parent cgroup path is invalid."
name=$(basename "$exec")
root=$base/$name/$id/root
mkdir -p "$root"
cp "$exec" "$root/$name"
chown -h "$uid:$gid" "$root/$name"
for group in "\${groups[@]}"; do
  file=\${group%%=*} value=\${group#*=}
  [ "$file" != "$group" ] && [ -n "$value" ] || fail "Invalid format for cgroups: $group"
  if [ "$version" = 2 ]; then
    mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
  else
    mount=$(awk -v want="\${file%%.*}" '$3 == "cgroup" && ("," $4 ",") ~ ("," want ",") { print $2; exit }' /proc/mounts)
  fi
  [ -n "$mount" ] || fail "\${file%%.*} cgroup controller is unavailable."
  # Node.js and QEMU take more than a Firecracker does.
  case "$file" in memory.*) value=$((value * 4)) ;; esac
  mkdir -p "$mount/$parent/$id"
  [ "$version" = 1 ] || hand_down "\${file%%.*}" "$mount" "$parent"
  echo "$value" > "$mount/$parent/$id/$file"
  if [ "$version" = 2 ]; then echo $$ > "$mount/$parent/$id/cgroup.procs"; else echo $$ > "$mount/$parent/$id/tasks"; fi
done
for limit in "\${resources[@]}"; do
  value=\${limit#*=}
  [[ $limit =~ ^(fsize|no-file)=[0-9]+$ ]] || fail "Invalid format for resources: $limit"
  case "$limit" in no-file=*) prlimit --pid $$ "--nofile=$value" ;; fsize=*) prlimit --pid $$ "--fsize=$value" ;; esac
done
cd "$root"
for dir in . dev dev/net run; do mkdir -p "$dir"; chmod 0700 "$dir"; chown "$uid:$gid" "$dir"; done
for device in net/tun kvm urandom; do
  [ ! -e "dev/$device" ] || fail "Failed to create /dev/$device via mknod inside the jail: File exists (os error 17)"
  if [ $device = net/tun ] && [ -e /dev/net/tun ]; then mknod dev/net/tun c 10 200; else touch "dev/$device"; fi
  chown "$uid:$gid" "dev/$device"
done
[ ! -e "$name.pid" ] || fail "Failed to open file /$name.pid: File exists (os error 17)"
echo -n $$ > "$name.pid"
become='[ ! -c dev/net/tun ] || mount --bind dev/net/tun /dev/net/tun; exec "$@"'
exec env -i "PATH=$PATH" "\${enter[@]}" unshare --mount --propagation slave sh -c "$become" sh setpriv --reuid "$uid" --regid "$gid" --clear-groups "./$name" --id "$id" --start-time-us 1 --start-time-cpu-us 1 --parent-cpu-time-us 1 "$@"
`;
}
