import { buildFarm } from "../../config/farm.js";
import { fileSchema } from "../../config/schema.js";
import type { WorkerConfig } from "../../config/types.js";
import { runLocal } from "../../ffmpeg/run.js";
import { quote } from "../../lib/shell.js";
import { collectCredentials } from "../../workers/auth.js";
import { type Environment, readHostSettings } from "../../workers/ssh-config.js";
import type { Finding } from "./doctor.js";

/** What this machine has to log in with: OpenSSH's client, keys, an agent. `system`: as `parseSystem` gives it. */
export async function lookAtLogin(
  workers: readonly WorkerConfig[],
  env: Environment,
  system: readonly string[],
): Promise<Finding[]> {
  return [await client(system), await keys(workers, env)];
}

async function client(system: readonly string[]): Promise<Finding> {
  const asked = await runLocal("ssh", ["-V"]);
  const [said = ""] = asked.stderrTail;
  if (asked.code === 0) return { about: "ssh", state: "ok", what: said.split(",")[0] ?? said };
  // The connections themselves need none; it reads ~/.ssh/config and makes keys and ways through other hosts.
  const what = "there is no OpenSSH client: ~/.ssh/config does not count, and no keys can be made";
  return { about: "ssh", state: "warn", what, fix: installClient(system) };
}

/** The command that installs OpenSSH's client on this kind of system. */
function installClient(ids: readonly string[]): string {
  const is = (...names: readonly string[]): boolean => ids.some((id) => names.includes(id));
  if (is("debian", "ubuntu", "raspbian")) return "sudo apt install openssh-client";
  if (is("alpine")) return "sudo apk add openssh-client openssh-keygen";
  if (is("arch", "manjaro")) return "sudo pacman -S openssh";
  if (is("fedora", "rhel", "centos", "rocky", "almalinux")) return "sudo dnf install openssh-clients";
  if (is("suse", "opensuse", "opensuse-tumbleweed")) return "sudo zypper install openssh-clients";
  return "install OpenSSH from https://www.openssh.com";
}

async function keys(workers: readonly WorkerConfig[], env: Environment): Promise<Finding> {
  const about = "keys";
  // Any host will do: its own settings come when it is connected to.
  const [any] = buildFarm(fileSchema.parse({ workers: [{ host: "localhost" }] }).workers ?? [], env["HOME"] ?? "");
  if (!any) throw new Error("a worker that is written down is none");
  const { list, skipped } = await collectCredentials(await readHostSettings(any, env));
  const agent = list.find((one) => one.kind === "agent");
  const held = await new Promise<number>((resolve) => {
    if (agent) agent.agent.getIdentities((_, found) => resolve(found?.length ?? 0));
    else resolve(0);
  });
  const files = list.flatMap((one) => (one.kind === "key" ? (one.label() ?? []) : []));
  const found = [...files, ...(held > 0 ? [held === 1 ? "a key of the agent" : `${held} keys of the agent`] : [])];
  if (found.length > 0) return { about, state: "ok", what: found.join(", ") };
  if (workers.length > 0 && workers.every(({ identity_file }) => identity_file !== undefined))
    return { about, state: "ok", what: "each worker has one of its own" };
  const locked = skipped.map((reason) => /: ssh-add (.*)$/.exec(reason)?.[1]).find((file) => file !== undefined);
  if (locked !== undefined) {
    const fix = `${agent ? "" : 'eval "$(ssh-agent)" && '}ssh-add ${quote(locked)}`;
    return { about, state: "warn", what: `${locked} needs a passphrase, and no agent has it`, fix };
  }
  const detail = [...skipped, "`distffmpeg workers add` makes one where it needs one"].join("\n");
  return {
    about,
    state: "warn",
    what: "no key to log in with, in files or an agent",
    detail,
    fix: "ssh-keygen -t ed25519",
  };
}
