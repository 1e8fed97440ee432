// A lab: workers that are real SSH servers on loopback ports, run as the current user, and a home folder that knows them.
// Plain JavaScript on node's own modules, so that `npm run lab` needs neither a build nor a package; types in lab.d.mts.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { commandOf, send, withVariable } from "./processes.mjs";
import { freePort, must, pause, Worker } from "./worker.mjs";

/** @param {import("./lab.mjs").LabOptions} [options] @returns {Promise<import("./lab.mjs").Lab>} */
export async function startLab(options = {}) {
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), "distffmpeg-lab-"));
  const mark = `DISTFFMPEG_LAB=${folder}`;
  const home = join(folder, "home");
  /** @type {Worker[]} */
  const workers = [];
  const close = async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    // What is left now has outlived its connection; tests look at it before they close the lab.
    const left = withVariable(mark);
    for (const pid of left) send(pid, "SIGTERM");
    if (left.length > 0) await pause(300);
    for (const pid of withVariable(mark)) send(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    prepare();
    const identity = makeHome(home);
    const wanted = options.workers ?? 2;
    const each = typeof wanted === "number" ? Array.from({ length: wanted }, () => ({})) : wanted;
    for (const [index, one] of each.entries()) {
      const name = one.name ?? `w${index + 1}`;
      const setup = { name, folder: join(folder, name), port: await freePort(), identity, mark, options: one };
      workers.push(new Worker({ ...setup, ffmpeg: options.ffmpeg ?? findFfmpeg() }));
    }
    writeKnown(home, workers, identity);
    await Promise.all(workers.map((worker) => worker.start()));
    return {
      folder,
      home,
      workers,
      identity,
      knownHosts: join(home, ".ssh", "known_hosts"),
      env: environment(home),
      config: (extra = {}) => ({
        server_work_path: join(folder, "server"),
        ...extra,
        workers: workers.map((worker) => worker.config),
      }),
      programs: () =>
        withVariable(mark)
          .map((pid) => ({ pid, command: commandOf(pid) }))
          .filter(({ command }) => command !== "" && !command.startsWith("sshd:")),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** sshd refuses to run as root without this folder; the system's own service makes it at boot. */
function prepare() {
  if (userInfo().uid === 0 && process.platform === "linux" && !existsSync("/run/sshd")) {
    mkdirSync("/run/sshd", { mode: 0o755 });
  }
}

function findFfmpeg() {
  const found = must("sh", ["-c", "command -v ffmpeg || echo ffmpeg"]).trim();
  return found === "" ? "ffmpeg" : found;
}

/** The client's side: a home folder with one key. Returns the key's path. @param {string} home */
function makeHome(home) {
  mkdirSync(join(home, ".ssh"), { recursive: true, mode: 0o700 });
  const identity = join(home, ".ssh", "id_ed25519");
  must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", identity]);
  return identity;
}

/** known_hosts, and an ssh configuration in which each worker also goes by its name. @param {string} home @param {readonly Worker[]} workers @param {string} identity */
function writeKnown(home, workers, identity) {
  const knownHosts = join(home, ".ssh", "known_hosts");
  writeFileSync(knownHosts, workers.map((worker) => worker.knownHostsLine()).join(""));
  const hosts = workers.map(({ name, port }) => `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n`);
  const all = [
    "Host *",
    `  UserKnownHostsFile ${knownHosts}`,
    "  GlobalKnownHostsFile /dev/null",
    `  IdentityFile ${identity}`,
    "  IdentitiesOnly yes",
    "",
  ];
  writeFileSync(join(home, ".ssh", "config"), `${hosts.join("")}${all.join("\n")}`);
}

/** What makes a program started with it see the lab's home only. @param {string} home */
function environment(home) {
  return {
    HOME: home,
    DISTFFMPEG_SSH_CONFIG: join(home, ".ssh", "config"),
    SSH_AUTH_SOCK: "",
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, ".local", "state"),
    XDG_CACHE_HOME: join(home, ".cache"),
  };
}
