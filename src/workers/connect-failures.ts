import { quote } from "../lib/shell.js";
import { codeOf, connectionFailure, messageOf } from "./failures.js";
import type { HostSettings } from "./ssh-config.js";
import type { TransportFailure } from "./transport.js";

/** What is known when a connection attempt has failed. */
export interface Attempt {
  readonly worker: string;
  readonly settings: HostSettings;
  /** What was thrown or emitted last; undefined when the connection just closed. */
  readonly error: unknown;
  /** Labels of the keys that were offered and refused. */
  readonly tried: readonly string[];
  readonly skipped: readonly string[];
  /** Methods that the server would take, as it said. */
  readonly methods: readonly string[];
  /** All there was to try has been tried, or the server would hear no more. */
  readonly refused: boolean;
  /** The helper's own words, when a jump host or ProxyCommand is in between. */
  readonly proxyWords: string | undefined;
}

/** Puts the cause of a failed connection into words, with something to type next. Never names a secret. */
export function describeFailedConnect(attempt: Attempt): TransportFailure {
  const { worker, settings, error } = attempt;
  const place = `${settings.hostname} port ${settings.port}`;
  const code = codeOf(error);
  const message = messageOf(error ?? "the connection was closed");
  const look = `ssh -v ${sshWords(settings)} true`;
  if (attempt.refused) return authFailure(attempt);
  if (attempt.proxyWords !== undefined) {
    const detail = attempt.proxyWords || message;
    return connectionFailure(`${worker}: the way to ${place} through its jump host or ProxyCommand failed`, {
      detail,
      fix: look,
    });
  }
  switch (code ?? "") {
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
      return connectionFailure(`${worker}: the host name ${settings.hostname} is not known`, {
        detail: `${message}; correct the host of this worker, or ~/.ssh/config`,
        fix: `getent hosts ${quote(settings.hostname)}`,
      });
    case "ECONNREFUSED":
      return connectionFailure(`${worker}: nothing answers at ${place}; is the SSH server running there?`, {
        detail: "type this on the worker, or correct its port",
        fix: "sudo systemctl start ssh",
      });
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return connectionFailure(`${worker}: there is no way to ${place} (${code})`, {
        fix: `ping -c 3 ${quote(settings.hostname)}`,
      });
  }
  if (code === "ETIMEDOUT" || /timed out/i.test(message)) return timeout(worker, place, settings);
  if (/no matching/i.test(message)) {
    return connectionFailure(`${worker}: ${place} and this program have no SSH algorithm in common`, {
      lasting: true,
      detail: message,
      fix: "update OpenSSH on the worker",
    });
  }
  return connectionFailure(`${worker}: ${place} closed the connection before it was up`, {
    detail: message,
    fix: look,
  });
}

function timeout(worker: string, place: string, settings: HostSettings): TransportFailure {
  return connectionFailure(
    `${worker}: no answer from ${place} in time; is it switched on, and does a firewall let us through?`,
    {
      fix: `ping -c 3 ${quote(settings.hostname)}`,
    },
  );
}

function authFailure({ worker, settings, error, tried, skipped, methods }: Attempt): TransportFailure {
  const details = [
    tried.length > 0 ? `tried: ${tried.join(", ")}` : "there was no key to try",
    ...(skipped.length > 0 ? [`not tried: ${skipped.join("; ")}`] : []),
    ...(methods.length > 0 ? [`the server takes: ${methods.join(", ")}`] : []),
    ...(/too many/i.test(messageOf(error))
      ? ["the server gave up after too many keys: name the right one with identity_file"]
      : []),
  ];
  const locked = skipped.map((reason) => /: ssh-add (.*)$/.exec(reason)?.[1]).find((file) => file !== undefined);
  const isLocked = locked !== undefined && (tried.length === 0 || locked === settings.ownIdentity);
  // ssh-copy-id sends the public key, and wants its name when there are several.
  const identity = settings.ownIdentity === undefined ? "" : `-i ${quote(settings.ownIdentity)} `;
  return connectionFailure(`${worker}: ${settings.hostname} lets ${settings.user} in with none of our keys`, {
    lasting: true,
    detail: details.join("; "),
    fix: isLocked ? unlock(locked, settings) : `ssh-copy-id ${identity}${sshWords(settings)}`,
  });
}

/** A key that could not even be tried may well be the right one: an agent takes its passphrase. */
function unlock(file: string, { agentSocket }: HostSettings): string {
  return `${agentSocket === undefined ? 'eval "$(ssh-agent)" && ' : ""}ssh-add ${quote(file)}`;
}

/** The host as people write it for ssh and its kin. */
function sshWords(settings: HostSettings): string {
  return `-p ${settings.port} ${quote(`${settings.user}@${settings.alias}`)}`;
}
