import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { LineSplitter, Tail } from "../lib/lines.js";
import { type Environment, type HostSettings, sshConfigArguments, sshEnvironment } from "./ssh-config.js";

/** A byte stream to a host that is not reached directly, carried by a helper program. */
export interface ProxyStream {
  readonly stream: Duplex;
  /** What the helper said on stderr: the cause, when there is no connection. At most 10 lines. */
  lastWords(): string;
}

/**
 * The command that carries the connection (ProxyCommand, ProxyJump of ssh_config(5)), undefined for a direct one.
 * ssh itself goes through jump hosts, with its own check of their host keys; it never asks (BatchMode), because nobody may be there to answer.
 */
export function proxyCommand(settings: HostSettings, env: Environment): readonly string[] | undefined {
  // As in OpenSSH, ProxyJump counts when `ssh -G` names both.
  if (settings.proxyJump !== undefined) {
    const jumps = settings.proxyJump.split(",").map((jump) => jump.trim());
    const last = jumpTarget(jumps.pop() ?? "");
    const earlier = jumps.length > 0 ? ["-J", jumps.join(",")] : [];
    const host = settings.hostname.includes(":") ? `[${settings.hostname}]` : settings.hostname;
    const options = [...sshConfigArguments(env), "-o", "BatchMode=yes", ...earlier, ...last.options];
    return ["ssh", ...options, "-W", `${host}:${settings.port}`, "--", last.host];
  }
  if (settings.proxyCommand === undefined) return undefined;
  // OpenSSH too runs it by the shell with exec before it (sshconnect.c, expand_proxy_command).
  return ["/bin/sh", "-c", `exec ${settings.proxyCommand}`];
}

/** "[user@]host[:port]" or "ssh://…" as options for ssh. */
function jumpTarget(jump: string): { readonly host: string; readonly options: readonly string[] } {
  const match = /^(?:(.*)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(jump.replace(/^ssh:\/\//, "").replace(/\/$/, ""));
  const [, user, host = jump, port] = match ?? [];
  const options = [...(user === undefined ? [] : ["-l", user]), ...(port === undefined ? [] : ["-p", port])];
  return { host: host.replace(/^\[(.*)\]$/, "$1"), options };
}

/** Starts the helper. It ends with the stream, and the stream with it. */
export function openProxy(command: readonly string[], env: Environment): ProxyStream {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], env: sshEnvironment(env) });
  const words = new Tail(10);
  const reader = new LineSplitter((line) => words.push(line));
  child.stderr.on("data", (data: Buffer) => reader.push(data));
  child.stderr.on("end", () => reader.end());
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on("error", (error) => {
    words.push(error.message);
    stream.destroy();
  });
  stream.on("close", () => stop(child));
  return { stream, lastWords: () => words.items.join("\n") };
}

function stop(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
}
