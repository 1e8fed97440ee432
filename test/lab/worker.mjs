// One worker of a lab: a real sshd on a loopback port, with its own host key and folder.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { ffmpegScript } from "./ffmpeg-script.mjs";
import { familyOf, isSshd, send } from "./processes.mjs";

const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"].find((path) => existsSync(path));

/** Runs a program to its end; throws what it said when it failed. @param {string} file @param {readonly string[]} args */
export function must(file, args) {
  const done = spawnSync(file, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${file} ${args.join(" ")}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** A loopback port that nobody listens on. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export class Worker {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #sshd;

  /** @param {{name: string, folder: string, port: number, identity: string, mark: string, ffmpeg: string, options: import("./lab.mjs").LabWorkerOptions}} setup */
  constructor(setup) {
    if (SSHD === undefined) throw new Error("the lab needs sshd; install it: sudo apt install openssh-server");
    this.name = setup.name;
    this.port = setup.port;
    this.folder = setup.folder;
    this.workPath = join(setup.folder, "work");
    this.hostKey = join(setup.folder, "host_key");
    this.authorizedKeys = join(setup.folder, "authorized_keys");
    this.log = join(setup.folder, "sshd.log");
    mkdirSync(setup.folder, { recursive: true });
    must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", setup.name, "-f", this.hostKey]);
    writeFileSync(this.authorizedKeys, readFileSync(`${setup.identity}.pub`), { mode: 0o600 });
    writeFileSync(join(setup.folder, "sshd_config"), this.#config(setup));
    const own = setup.options.ffmpeg;
    this.ffmpegBin = own === undefined ? setup.ffmpeg : join(setup.folder, "ffmpeg");
    if (own !== undefined) {
      writeFileSync(this.ffmpegBin, ffmpegScript(own, setup.ffmpeg, setup.folder));
      chmodSync(this.ffmpegBin, 0o755);
    }
    this.config = {
      name: setup.name,
      host: "127.0.0.1",
      user: userInfo().username,
      port: setup.port,
      identity_file: setup.identity,
      work_path: this.workPath,
      ffmpeg_bin: this.ffmpegBin,
      platform: process.platform === "darwin" ? "Darwin" : "Linux",
      slots: setup.options.slots ?? 1,
      ...(setup.options.numa === undefined ? {} : { numa: setup.options.numa }),
      ...(setup.options.nice === undefined ? {} : { nice: setup.options.nice }),
    };
  }

  /** @param {{mark: string, options: import("./lab.mjs").LabWorkerOptions}} setup */
  #config({ mark, options }) {
    const own = options.sshd ?? [];
    const match = own.findIndex((line) => line.startsWith("Match "));
    // The first word counts with sshd; a Match block reaches to the next one or the end.
    const [first, last] = match === -1 ? [own, []] : [own.slice(0, match), own.slice(match)];
    return [
      ...first,
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${this.hostKey}`,
      `PidFile ${join(this.folder, "sshd.pid")}`,
      `AuthorizedKeysFile ${this.authorizedKeys}`,
      "LogLevel VERBOSE",
      "UsePAM no",
      // The folder lies in /tmp, which others may write to.
      "StrictModes no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin yes",
      "Subsystem sftp internal-sftp",
      "PrintMotd no",
      "UseDNS no",
      "MaxStartups 100",
      // What a session starts is found by the mark, even after it has lost its parent. A home of its own keeps the
      // start-up files of the user who runs the lab out of it: bash reads ~/.bashrc for commands over SSH too.
      `SetEnv ${mark} HOME=${this.folder}`,
      ...last,
      "",
    ].join("\n");
  }

  /** The public key as known_hosts has it. */
  knownHostsLine() {
    const [type, key] = readFileSync(`${this.hostKey}.pub`, "utf8").split(" ");
    return `[127.0.0.1]:${this.port} ${type} ${key}\n`;
  }

  /** Gives the worker another host key, as a new installation would. Counts from the next start. */
  changeHostKey() {
    for (const file of [this.hostKey, `${this.hostKey}.pub`]) rmSync(file, { force: true });
    must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `${this.name} (new)`, "-f", this.hostKey]);
  }

  /** Pid of the listening sshd, undefined while it is off. */
  get pid() {
    return this.#sshd?.exitCode === null && this.#sshd.signalCode === null ? this.#sshd.pid : undefined;
  }

  /** All sshd processes: the listener and one or two for each connection. */
  sshdPids() {
    return this.pid === undefined ? [] : familyOf(this.pid).filter(isSshd);
  }

  async start() {
    if (this.pid !== undefined) return;
    const sshd = spawn(String(SSHD), ["-D", "-f", join(this.folder, "sshd_config"), "-E", this.log], {
      stdio: "ignore",
    });
    this.#sshd = sshd;
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (sshd.exitCode !== null) break;
      if (await answers(this.port)) return;
      await pause(50);
    }
    const log = existsSync(this.log) ? readFileSync(this.log, "utf8").trim().split("\n").slice(-5).join("\n") : "";
    throw new Error(`sshd of ${this.name} does not start on port ${this.port}:\n${log}`);
  }

  /** Switches it off in good order: connections end too. */
  async stop() {
    await this.#end("SIGTERM");
  }

  /** Kills every sshd of this worker; programs that were started through it are left to themselves. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Cuts the connections that are up; new ones are taken. @param {NodeJS.Signals} [signal] */
  cut(signal = "SIGKILL") {
    for (const pid of this.sshdPids()) if (pid !== this.pid) send(pid, signal);
  }

  /** Stops answering without closing anything, like a machine that hangs; `resume` ends it. */
  freeze() {
    for (const pid of this.sshdPids()) send(pid, "SIGSTOP");
  }

  resume() {
    for (const pid of this.sshdPids()) send(pid, "SIGCONT");
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const sshd = this.#sshd;
    if (sshd === undefined || this.pid === undefined) return;
    const gone = new Promise((resolve) => sshd.once("exit", resolve));
    for (const pid of this.sshdPids().reverse()) {
      send(pid, signal);
      // A frozen one hears TERM only when it runs again.
      send(pid, "SIGCONT");
    }
    await gone;
  }

  /** Puts lines of an own making into its log, to tell parts of a test apart. @param {string} text */
  note(text) {
    appendFileSync(this.log, `--- ${text}\n`);
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
