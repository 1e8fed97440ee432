import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import { compareFiles, filesIn, namesIn, readSummary, type Summary } from "../equivalence/compare.js";
import {
  type Ended,
  run,
  runCli,
  runFfmpeg,
  type Started,
  type StartOptions,
  startCli,
} from "../equivalence/programs.js";
import { until } from "../lab/sessions.js";

/** Where the programs of a job can be held: PRE, an encoding, FINAL, and the proof, behind which the output is put in place. */
export type Stage = "pre" | "remote" | "final" | "proof";

/**
 * Stands in for ffmpeg and ffprobe: notes which stage it is called for, and waits where it is told to. `$p`: the rig's
 * folder. `hold-STAGE` holds the number of calls that go through.
 */
const SCRIPT = (folder: string, program: string): string => `#!/bin/sh
p='${folder}'
case " $* " in
*" -progress pipe:1 -stats_period 0.5 "*) s=remote ;;
*" -f segment "*) s=pre ;;
*" -i pipe:3 "*) s=final ;;
*" -count_packets "*|*" -show_packets "*|*.distffmpeg-*) s=proof ;;
*) s=other ;;
esac
echo $s >> "$p/calls"
if [ -e "$p/hold-$s" ] && [ $(grep -c "^$s" "$p/calls") -gt $(cat "$p/hold-$s") ]; then
  : > "$p/held"
  while [ -e "$p/hold-$s" ]; do sleep 0.05; done
fi
exec ${program} "$@"
`;

/** A host on which a job is killed and taken up again: folders of its own, and programs that can be held. */
export class Host {
  readonly folder: string;
  readonly work: string;
  readonly out: string;
  readonly #flags: readonly string[];
  #calls = 0;

  constructor(base: string, flags: readonly string[] = []) {
    this.folder = mkdtempSync(join(base, "host-"));
    this.work = join(this.folder, "work");
    this.out = join(this.folder, "out");
    mkdirSync(this.out);
    for (const program of ["ffmpeg", "ffprobe"]) {
      writeFileSync(join(this.folder, program), SCRIPT(this.folder, program), { mode: 0o755 });
    }
    this.#flags = [
      ...["-df_workers=none", "-df_local_slots=1", "-df_keyint_min=24", "-df_segment_frames=24", "-df_keyint_max=48"],
      ...[`-df_ffmpeg_bin=${join(this.folder, "ffmpeg")}`, `-df_ffprobe_bin=${join(this.folder, "ffprobe")}`],
      ...[`-df_server_work_path=${this.work}`, `-df_summary=${join(this.folder, "summary.json")}`, ...flags],
    ];
  }

  #options(more: StartOptions): StartOptions {
    const { folder } = this;
    const homes = { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder };
    return { cwd: this.out, group: true, ...more, env: { ...homes, ...more.env } };
  }

  start(args: readonly string[], options: StartOptions = {}): Started {
    this.#calls = this.#encodes();
    rmSync(join(this.folder, "held"), { force: true });
    return startCli([...this.#flags, ...args], this.#options(options));
  }

  async run(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** `distffmpeg jobs …`, `clean`. */
  command(words: readonly string[], flags: readonly string[] = []): Promise<Ended> {
    return runCli([`-df_server_work_path=${this.work}`, "-df_workers=none", ...flags, ...words], this.#options({}));
  }

  /** Has calls of a stage wait from so many on. */
  hold(stage: Stage, after = 0): void {
    const calls = existsSync(join(this.folder, "calls")) ? readFileSync(join(this.folder, "calls"), "utf8") : "";
    const before = calls.split("\n").filter((line) => line === stage).length;
    writeFileSync(join(this.folder, `hold-${stage}`), `${before + after}`);
  }

  release(stage: Stage): void {
    rmSync(join(this.folder, `hold-${stage}`), { force: true });
  }

  /** Waits until a program is held, and until so many chunks are written down. */
  async held(kept = 0): Promise<void> {
    await until(() => existsSync(join(this.folder, "held")) && this.journal().length >= kept, 100);
  }

  /** Kills a job outright with all that is in its group, and waits until what it has left is quiet. */
  async kill({ child, ended }: Started): Promise<void> {
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    await until(() => this.programs().length === 0 && this.jobFolders().length === 0, 20);
    // The watchdog takes away one thing after another; what stays is for the test to find.
    const quiet = (): boolean => this.leftovers().every((name) => name.startsWith("resume-"));
    await until(quiet, 2).catch(() => undefined);
    for (const stage of ["pre", "remote", "final", "proof"] as const) this.release(stage);
  }

  jobFolders(): string[] {
    return existsSync(this.work) ? readdirSync(this.work).filter((name) => name.startsWith("job-")) : [];
  }

  /** The folder of what is kept. */
  get state(): string {
    const [name] = existsSync(this.work) ? readdirSync(this.work).filter((one) => one.startsWith("resume-")) : [];
    return join(this.work, name ?? "none");
  }

  /** What is written down of kept chunks. */
  journal(): { readonly kind: string; readonly chunk: number; readonly files: readonly { readonly file: string }[] }[] {
    const path = join(this.state, "journal");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "chunk");
  }

  #encodes(): number {
    const path = join(this.folder, "calls");
    if (!existsSync(path)) return 0;
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line === "remote").length;
  }

  /** Chunks that were encoded since the last start. */
  get encoded(): number {
    return this.#encodes() - this.#calls;
  }

  get summary(): (Summary & { readonly kept: number }) | undefined {
    return readSummary(join(this.folder, "summary.json")) as (Summary & { readonly kept: number }) | undefined;
  }

  /** Programs that run and name the rig's work folder, or a temporary output in its other one. */
  programs(): string[] {
    return commandsWith(this.work).concat(commandsWith(".distffmpeg-").filter((one) => one.includes(this.out)));
  }

  /** All that is there of ours but the outputs: in the work folder and, hidden, beside the outputs. */
  leftovers(): string[] {
    return [...namesIn(this.work), ...filesIn(this.out).filter((name) => /distffmpeg|\.part$/.test(name))];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Programs that run with a text in their arguments. */
function commandsWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command.includes(text));
}

/** Makes hosts in a folder, and takes them away after each test. */
export function hostsIn(folder: () => string): (flags?: readonly string[]) => Host {
  const hosts: Host[] = [];
  afterEach(() => {
    for (const host of hosts.splice(0)) host.remove();
  });
  return (flags = []) => {
    const host = new Host(folder(), flags);
    hosts.push(host);
    return host;
  };
}

/** Kills the watchdog of a job before the job itself, as a power loss would. */
export function killWarden(job: number): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const parent = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      if (command.includes("distffmpeg-warden") && parent === `${job}`) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** What plain ffmpeg makes of the same words, in a folder of its own. */
export async function plainly(base: string, args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(base, "plain-"));
  const { code, stderr } = await runFfmpeg(["-y", "-v", "error", "-nostdin", ...args], { cwd: folder });
  if (code !== 0) throw new Error(stderr);
  return folder;
}

/** What differs between the outputs of two folders. */
export async function differences(plain: string, ours: string, names?: readonly string[]): Promise<string[]> {
  const files = names ?? filesIn(plain);
  const found = await Promise.all(
    files.map(async (name) => {
      if (!existsSync(join(ours, name))) return [`${name} is not there`];
      return compareFiles(join(plain, name), join(ours, name));
    }),
  );
  return found.flat();
}

/** The packets of a file by their hashes: the same for the same bytes, whatever the container's own ids. */
export async function packets(file: string): Promise<string> {
  const args = ["-v", "error", "-i", file, "-map", "0", "-c", "copy", "-f", "framemd5", "-"];
  return (await run("ffmpeg", args)).stdout;
}

/** Turns one bit of a file. */
export function damage(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Cuts a file's end off. */
export function shorten(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, statSync(path).size - 100));
}

/** A small disk of so many bytes at a folder; undefined where none can be mounted. */
export function smallDisk(folder: string, bytes: number): { grow(to: number): void; remove(): void } | undefined {
  mkdirSync(folder, { recursive: true });
  const mount = (options: string): boolean =>
    spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]).status === 0;
  if (process.getuid?.() !== 0 || !mount(`size=${bytes}`)) return undefined;
  return { grow: (to) => void mount(`remount,size=${to}`), remove: () => void spawnSync("umount", [folder]) };
}

/** Notes what came of one try of a fault for `npm run test:faults` (scripts/faults.mjs). */
export function reportFault(fault: string, identical: boolean, leftovers: number): void {
  const path = process.env["FAULTS_REPORT"];
  if (path) appendFileSync(path, `${JSON.stringify({ fault, identical, leftovers, happened: true })}\n`);
}
