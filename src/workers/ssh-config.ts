import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { WorkerConfig } from "../config/types.js";

/** The environment that steers SSH: HOME, SSH_AUTH_SOCK, DISTFFMPEG_SSH_CONFIG (a file for `ssh -F`). */
export type Environment = Readonly<Record<string, string | undefined>>;

/** All that is needed to reach a host: OpenSSH's own view of it, with the worker's configuration on top. */
export interface HostSettings {
  /** The name the user wrote, an alias perhaps. */
  readonly alias: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  /** From the worker's own configuration: tried before anything else. */
  readonly ownIdentity: string | undefined;
  readonly identityFiles: readonly string[];
  /** Only the keys named are offered, also from an agent. */
  readonly identitiesOnly: boolean;
  /** Socket of the agent, undefined when there is none. */
  readonly agentSocket: string | undefined;
  /** The first is where new host keys belong. */
  readonly userKnownHosts: readonly string[];
  readonly globalKnownHosts: readonly string[];
  /** The name under which the host's key is looked up instead of its own. */
  readonly hostKeyAlias: string | undefined;
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
}

/** What `ssh -G` says, its words untouched but for the splitting of lists. */
export interface SshConfig {
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly identityfile: readonly string[];
  readonly identitiesonly: boolean;
  readonly identityagent: string | undefined;
  readonly userknownhostsfile: readonly string[];
  readonly globalknownhostsfile: readonly string[];
  readonly proxyjump: string | undefined;
  readonly proxycommand: string | undefined;
  readonly hostkeyalias: string | undefined;
  /** For information: a key that is not known is refused whatever this says. */
  readonly stricthostkeychecking: string | undefined;
}

/** Reads the output of `ssh -G` ("key value" lines, lower-case keys, OpenSSH 6.8 and later). Unknown lines are passed over. */
export function parseSshConfig(text: string): SshConfig {
  const values = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^(\S+)\s+(.*\S)\s*$/.exec(line);
    const [, key, value] = match ?? [];
    if (key === undefined || value === undefined) continue;
    values.set(key.toLowerCase(), [...(values.get(key.toLowerCase()) ?? []), value]);
  }
  const one = (key: string): string | undefined => values.get(key)?.[0];
  /** "none" switches these off. */
  const unlessNone = (key: string): string | undefined => (one(key)?.toLowerCase() === "none" ? undefined : one(key));
  const files = (key: string): string[] => splitWords(one(key) ?? "").filter((file) => file.toLowerCase() !== "none");
  const port = Number(one("port"));
  return {
    hostname: one("hostname"),
    port: Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined,
    user: one("user"),
    identityfile: (values.get("identityfile") ?? []).filter((file) => file.toLowerCase() !== "none").map(unquote),
    identitiesonly: one("identitiesonly") === "yes",
    // "none" means something here: the agent of the environment is not to be used either.
    identityagent: one("identityagent"),
    userknownhostsfile: files("userknownhostsfile"),
    globalknownhostsfile: files("globalknownhostsfile"),
    proxyjump: unlessNone("proxyjump"),
    proxycommand: unlessNone("proxycommand"),
    hostkeyalias: one("hostkeyalias"),
    stricthostkeychecking: one("stricthostkeychecking"),
  };
}

function unquote(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}

/** Words parted by blanks, double quotes around words with blanks. */
function splitWords(text: string): string[] {
  return (text.match(/"[^"]*"|\S+/g) ?? []).map(unquote);
}

/** The `-F FILE` that every ssh started for this program is given, so that all of them see the same configuration. */
export function sshConfigArguments(env: Environment): string[] {
  const file = env["DISTFFMPEG_SSH_CONFIG"];
  return file === undefined || file === "" ? [] : ["-F", file];
}

/** Where the dynamic linker finds a program's libraries (ld.so(8), dyld(1)). */
const LINKER = /^(LD_LIBRARY_PATH|LD_PRELOAD|LD_AUDIT|DYLD_\w+)$/;

/**
 * The environment for OpenSSH's programs: that of this one, without the libraries that a media server brings along for
 * its own ffmpeg, which ssh would not start with.
 */
export function sshEnvironment(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !LINKER.test(name)));
}

/** The home folder that `~` means: HOME, else the account's. */
export function homeFolder(env: Environment): string {
  return env["HOME"] || userInfo().homedir;
}

/**
 * Asks OpenSSH itself how it would reach the worker, because its configuration language (Match, Include,
 * canonical names) is its own affair. Without `ssh` on this machine, or when it refuses the name,
 * what is left are the worker's configuration and OpenSSH's defaults.
 */
export async function readHostSettings(worker: WorkerConfig, env: Environment): Promise<HostSettings> {
  const args = [...sshConfigArguments(env), "-G"];
  // Given here too, because Match blocks may depend on them.
  if (worker.user !== undefined) args.push("-l", worker.user);
  if (worker.port !== undefined) args.push("-p", String(worker.port));
  const asked = await execa("ssh", [...args, "--", worker.host], {
    env: sshEnvironment(env),
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    timeout: 10_000,
  });
  return mergeSettings(worker, parseSshConfig(asked.exitCode === 0 ? asked.stdout : ""), env);
}

/** The worker's configuration over OpenSSH's view over OpenSSH's defaults (ssh_config(5)). Pure. */
export function mergeSettings(worker: WorkerConfig, config: SshConfig, env: Environment): HostSettings {
  const account = userInfo();
  const home = homeFolder(env);
  const name = config.hostname ?? worker.host;
  const user = worker.user ?? config.user ?? account.username;
  const port = worker.port ?? config.port ?? 22;
  const tokens: Readonly<Record<string, string>> = {
    "%": "%",
    d: home,
    h: name,
    i: String(account.uid),
    k: config.hostkeyalias ?? worker.host,
    l: hostname(),
    n: worker.host,
    p: String(port),
    r: user,
    u: account.username,
  };
  const expand = (text: string): string => text.replace(/%(.)/g, (all, token: string) => tokens[token] ?? all);
  const path = (text: string): string => {
    const full = expand(text.replace(/^~(?=$|\/)/, () => home));
    // `ssh -G` writes its default known_hosts with the account's home folder whatever HOME says.
    const inAccount = `${account.homedir}/.ssh/`;
    return full.startsWith(inAccount) ? join(home, ".ssh", full.slice(inAccount.length)) : full;
  };
  const orDefault = (files: readonly string[], defaults: readonly string[]): string[] =>
    (files.length > 0 ? files : defaults).map(path);
  return {
    alias: worker.host,
    hostname: name,
    port,
    user,
    ownIdentity: worker.identity_file === undefined ? undefined : path(worker.identity_file),
    identityFiles: orDefault(config.identityfile, ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"]),
    identitiesOnly: config.identitiesonly,
    agentSocket: agentSocket(config.identityagent, env, path),
    userKnownHosts: orDefault(config.userknownhostsfile, ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]),
    globalKnownHosts: orDefault(config.globalknownhostsfile, ["/etc/ssh/ssh_known_hosts"]),
    hostKeyAlias: config.hostkeyalias,
    proxyJump: config.proxyjump === undefined ? undefined : expand(config.proxyjump),
    proxyCommand: config.proxycommand === undefined ? undefined : expand(config.proxycommand),
  };
}

/** IdentityAgent (ssh_config(5)): "none", "SSH_AUTH_SOCK", "$NAME" of a variable, or a path; without it SSH_AUTH_SOCK. */
function agentSocket(option: string | undefined, env: Environment, path: (text: string) => string): string | undefined {
  if (option?.toLowerCase() === "none") return undefined;
  const variable =
    option === undefined || option === "SSH_AUTH_SOCK" ? "SSH_AUTH_SOCK" : /^\$\{?(\w+)\}?$/.exec(option)?.[1];
  const socket = variable === undefined ? path(unquote(option ?? "")) : env[variable];
  return socket === "" ? undefined : socket;
}
