import type { Machine, MachineNode } from "../plan/slots.js";
import type { Sections } from "./sections.js";

/**
 * Shell words (which leave `$p`, the probe's ffmpeg, alone) that tell what a machine has for encoding, for a script with a function `m` that marks a section:
 * - processors: `nproc` heeds the affinity of the login; limits of the control groups it is in stand in files of their own
 *   (Linux, Documentation/admin-guide/cgroup-v2.rst: cpu.max, memory.max; those above count as well), of the first version
 *   where containers see it (cpu.cfs_quota_us, memory.limit_in_bytes).
 * - memory that can be had without swapping: /proc/meminfo (proc(5)); elsewhere all there is (sysctl(8) of macOS and BSD).
 * - NUMA nodes, and of which of them a login may have processors and memory (/sys/devices/system/node; proc(5), status).
 */
export const MACHINE_SCRIPT = [
  "m cores; nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null",
  "m limits; g=$(sed -n s/^0:://p /proc/self/cgroup 2>/dev/null); " +
    'while d="/sys/fs/cgroup$g"; do ' +
    '[ -r "$d/cpu.max" ] && echo "cpu $(cat "$d/cpu.max")"; ' +
    '[ -r "$d/memory.max" ] && echo "memory $(cat "$d/memory.max") $(sed -n "s/^anon //p" "$d/memory.stat")"; ' +
    '[ -n "$g" ] || break; g=${g%/*}; done; ' +
    'd=/sys/fs/cgroup/cpu; [ -r "$d/cpu.cfs_quota_us" ] && echo "cpu $(cat "$d/cpu.cfs_quota_us" "$d/cpu.cfs_period_us" | tr "\\n" " ")"; ' +
    'd=/sys/fs/cgroup/memory; [ -r "$d/memory.limit_in_bytes" ] && ' +
    'echo "memory $(cat "$d/memory.limit_in_bytes") $(sed -n "s/^total_rss //p" "$d/memory.stat")"',
  "m memory; grep ^MemAvailable: /proc/meminfo 2>/dev/null || sysctl -n hw.memsize 2>/dev/null || sysctl -n hw.physmem 2>/dev/null",
  'm nodes; grep -E "^(Cpus|Mems)_allowed_list:" /proc/self/status 2>/dev/null; ' +
    "for d in /sys/devices/system/node/node[0-9]*; do " +
    '[ -r "$d/cpulist" ] && echo "node ${d##*/node} $(cat "$d/cpulist")" && grep -E "(MemFree|FilePages):" "$d/meminfo"; done',
].join("; ");

/** Of the memory of a machine that does not say how much of it is free, so much is counted on. */
const FREE = 0.5;

/** Reads what the script has said; where nothing is said a machine of one processor and unknown memory. Pure. */
export function readMachine({ lines }: Sections): Machine {
  const said = Number(lines("cores")[0]);
  const processors = Number.isInteger(said) && said > 0 && said <= 65536 ? said : 1;
  const limits = lines("limits").map((line) => line.split(/\s+/));
  const quotas = limits.flatMap(([kind, quota, period]) =>
    kind === "cpu" && Number(quota) > 0 && Number(period) > 0 ? [Math.ceil(Number(quota) / Number(period))] : [],
  );
  const rooms = limits.flatMap(([kind, most, used]) =>
    kind === "memory" && Number(most) > 0 ? [Math.max(0, Number(most) - (Number(used) || 0))] : [],
  );
  const memory = Math.min(memoryOf(lines("memory")[0]), ...rooms);
  const cores = Math.min(processors, ...quotas);
  return {
    cores,
    memory: Number.isFinite(memory) ? memory : undefined,
    nodes: nodesOf(lines("nodes"), cores),
  };
}

/** Bytes, of a line of /proc/meminfo or of sysctl; endless where nobody says. */
function memoryOf(line = ""): number {
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB$/.exec(line) ?? [];
  if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  return /^\d+$/.test(line) ? Number(line) * FREE : Number.POSITIVE_INFINITY;
}

/** The nodes with processors and memory that this login may use; of `cores`, where a quota allows fewer than there are. */
function nodesOf(lines: readonly string[], cores: number): readonly MachineNode[] {
  const allowed = (what: string): ReadonlySet<number> | undefined => {
    const list = lines.find((line) => line.startsWith(`${what}_allowed_list:`))?.split(":")[1];
    return list === undefined ? undefined : new Set(numbersIn(list));
  };
  const [cpus, mems] = [allowed("Cpus"), allowed("Mems")];
  const nodes: { id: number; cores: number; memory: number | undefined }[] = [];
  for (const line of lines) {
    const [, id, list] = /^node (\d+)(?: (\S*))?$/.exec(line) ?? [];
    const [, kilobytes] = /^Node \d+ \w+:\s+(\d+) kB$/.exec(line) ?? [];
    const last = nodes.at(-1);
    if (id !== undefined) {
      const own = numbersIn(list ?? "").filter((cpu) => cpus?.has(cpu) ?? true);
      nodes.push({ id: Number(id), cores: own.length, memory: undefined });
    } else if (last && kilobytes !== undefined) last.memory = (last.memory ?? 0) + Number(kilobytes) * 1024;
  }
  const usable = nodes.filter((node) => node.cores > 0 && (mems?.has(node.id) ?? true));
  const all = usable.reduce((sum, node) => sum + node.cores, 0);
  return usable.map((node) => ({ ...node, cores: Math.max(1, Math.round((node.cores * Math.min(cores, all)) / all)) }));
}

/** The numbers of a list as the kernel writes them: `0-3,8,10-11` (cpuset(7), "List format"). */
function numbersIn(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [, from, to = from] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (from === undefined || Number(to) - Number(from) > 65536) return [];
    return Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, i) => Number(from) + i);
  });
}
