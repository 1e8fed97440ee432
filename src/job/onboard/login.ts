import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import type { WorkerConfig } from "../../config/types.js";
import { quote } from "../../lib/shell.js";
import { fail, ok, type Problem, type Result } from "../../lib/result.js";
import { connect, type ConnectFailure, DEFAULT_TIMES } from "../../workers/connect.js";
import { fingerprint, filedName } from "../../workers/host-keys.js";
import { keyType } from "../../workers/known-hosts.js";
import type { Link } from "../../workers/link.js";
import { POSIX } from "../../workers/posix.js";
import { runRemote } from "../../workers/remote-run.js";
import { type Environment, homeFolder, type HostSettings, readHostSettings } from "../../workers/ssh-config.js";

/** Who can be asked; undefined when nobody is there to answer. */
export interface Asker {
  confirm(question: string): Promise<boolean | undefined>;
  /** Typed without an echo. */
  secret(prompt: string): Promise<string | undefined>;
  tell(line: string): void;
}

export interface LoginOptions {
  readonly env: Environment;
  readonly asker: Asker;
  /** The host key is trusted without a question. */
  readonly acceptHostKey: boolean;
  readonly signal: AbortSignal;
}

/** How often a password may be typed, as sshd's clients have it (ssh_config(5), NumberOfPasswordPrompts). */
const TRIES = 3;

/** Where OpenSSH's server for Windows looks for keys (Microsoft Learn, "Key-based authentication in OpenSSH for Windows"). */
const WINDOWS_KEYS =
  "add your public key (~/.ssh/id_ed25519.pub) there yourself: to .ssh\\authorized_keys, of an administrator to C:\\ProgramData\\ssh\\administrators_authorized_keys";

/**
 * Sees to it that a worker lets us in by key: its host key is trusted once somebody has vouched for it, and our public key
 * is copied there, by password, where none of ours is known. Nothing is asked where nothing needs to be done.
 */
export async function arrangeLogin(worker: WorkerConfig, options: LoginOptions): Promise<Result<void, Problem>> {
  const settings = await readHostSettings(worker, options.env);
  const target = { worker: worker.name, settings, env: options.env, times: DEFAULT_TIMES };
  let trusted = false;
  let copied = false;
  for (;;) {
    const tried = await connect(target, options.signal);
    if (tried.ok) {
      await tried.value.end();
      return ok(undefined);
    }
    const { remedy } = tried.failure;
    if (remedy?.kind === "host-key" && !trusted) {
      const vouched = await trustHost(settings, remedy.blob, tried.failure, options);
      if (!vouched.ok) return vouched;
      trusted = true;
    } else if (remedy?.kind === "login" && worker.platform === "Windows") {
      return fail({ ...tried.failure, fix: WINDOWS_KEYS });
    } else if (remedy?.kind === "login" && !copied) {
      const sent = await copyKey(target, remedy.methods, tried.failure, options);
      if (!sent.ok) return sent;
      copied = true;
    } else return fail(tried.failure);
  }
}

async function trustHost(
  settings: HostSettings,
  blob: Buffer,
  failure: ConnectFailure,
  { asker, acceptHostKey, env }: LoginOptions,
): Promise<Result<void, Problem>> {
  const type = keyType(blob) ?? "unreadable";
  const name = filedName(settings);
  asker.tell(`the host key of ${name} is not known: ${type} ${fingerprint(blob)}`);
  if (!acceptHostKey) {
    const answer = await asker.confirm(
      "Is that the worker's own key (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there), and is it to be trusted?",
    );
    if (answer === undefined)
      return fail({
        ...failure,
        fix: "the same with --accept-host-key, once you have compared the key with the worker's own",
      });
    if (!answer) return fail({ what: `${settings.alias}: the host key was not trusted, nothing was done` });
  }
  const file = settings.userKnownHosts[0] ?? join(homeFolder(env), ".ssh", "known_hosts");
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readFile(file, "utf8").catch(() => "");
    const line = `${name} ${type} ${blob.toString("base64")}\n`;
    await appendFile(file, before === "" || before.endsWith("\n") ? line : `\n${line}`, { mode: 0o600 });
  } catch (error) {
    return fail({
      what: `the host key cannot be written to ${file}`,
      detail: (error as Error).message,
      fix: `ls -l ${quote(file)}`,
    });
  }
  return ok(undefined);
}

type Target = Parameters<typeof connect>[0];

async function copyKey(
  target: Target,
  methods: readonly string[],
  failure: ConnectFailure,
  { asker, signal }: LoginOptions,
): Promise<Result<void, Problem>> {
  const { settings, worker, env } = target;
  const ways = (["password", "keyboard-interactive"] as const).filter((way) => methods.includes(way));
  if (ways.length === 0) return fail(failure);
  const key = await ownKey(settings, env, asker);
  if (!key.ok) return key;
  for (let i = 0; i < TRIES; i++) {
    const password = await asker.secret(`${settings.user}@${settings.alias}'s password: `);
    if (password === undefined) return fail(failure);
    const logins = ways.map((way) => ({ kind: "password" as const, way, password }));
    const tried = await connect({ ...target, logins }, signal);
    if (tried.ok) return install(tried.value, target, key.value);
    if (tried.failure.remedy?.kind !== "login") return fail(tried.failure);
    asker.tell("that was not the password");
  }
  return fail({
    what: `${worker}: ${settings.hostname} took none of the passwords`,
    fix: `ssh -p ${settings.port} ${quote(`${settings.user}@${settings.alias}`)}`,
  });
}

/** The public key to copy: of the identity that was named, else of the first that there is, else of a new one. */
async function ownKey(settings: HostSettings, env: Environment, asker: Asker): Promise<Result<string, Problem>> {
  const { ownIdentity, identityFiles } = settings;
  if (ownIdentity !== undefined && !existsSync(ownIdentity)) {
    return fail({ what: `there is no key ${ownIdentity}`, fix: `ssh-keygen -t ed25519 -f ${quote(ownIdentity)}` });
  }
  const made = join(homeFolder(env), ".ssh", "id_ed25519");
  let file = ownIdentity ?? identityFiles.find((one) => existsSync(one));
  if (file === undefined) {
    file = identityFiles.find((one) => one.endsWith("id_ed25519")) ?? made;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const done = await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file], {
      stdin: "ignore",
      reject: false,
    });
    if (done.exitCode !== 0) {
      return fail({
        what: `no key can be made at ${file}`,
        detail: done.stderr,
        fix: `ssh-keygen -t ed25519 -f ${quote(file)}`,
      });
    }
    asker.tell(`made a key: ${file}`);
  }
  const beside = await readFile(`${file}.pub`, "utf8").catch(() => undefined);
  if (beside !== undefined) return ok(beside.trim());
  const asked = await execa("ssh-keygen", ["-y", "-P", "", "-f", file], { stdin: "ignore", reject: false });
  if (asked.exitCode === 0) return ok(asked.stdout.trim());
  return fail({
    what: `${file} has no public key beside it`,
    detail: asked.stderr,
    fix: `ssh-keygen -y -f ${quote(file)} > ${quote(`${file}.pub`)}`,
  });
}

/** As ssh-copy-id does it: only the user may read it, no line is joined to one without an end, and none is there twice. */
const INSTALL = [
  "umask 077; cd && mkdir -p .ssh && f=.ssh/authorized_keys",
  '&& { [ -z "$(tail -c 1 "$f" 2>/dev/null)" ] || echo >>"$f"; }',
  '&& { grep -qxF -- "$1" "$f" 2>/dev/null || printf "%s\\n" "$1" >>"$f"; }',
  "&& { ! command -v restorecon >/dev/null 2>&1 || restorecon -F .ssh .ssh/authorized_keys || :; }",
].join(" ");

async function install(link: Link, { worker, settings }: Target, key: string): Promise<Result<void, Problem>> {
  try {
    const launch = POSIX.launch("/", ["sh", "-c", INSTALL, "sh", key]);
    if (!launch.ok) return fail({ what: `${worker}: ${launch.failure}` });
    const done = await runRemote(link, launch.value, {});
    if (!done.ok) return done;
    if (done.value.code === 0) return ok(undefined);
    const detail = done.value.stderrTail.join("\n");
    return fail({
      what: `${worker}: the key cannot be written to ~/.ssh/authorized_keys there`,
      detail,
      fix: `ssh -p ${settings.port} ${quote(`${settings.user}@${settings.alias}`)} ls -ld . .ssh`,
    });
  } finally {
    await link.end();
  }
}
