import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { shapeAt } from "./schema.js";

/** A machine as people name it for ssh. */
export interface WorkerTarget {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Reads `user@host`, `user@host:port`, `[address]:port` and `ssh://user@host:port`. An address with colons stands in brackets where a port follows. */
export function parseTarget(text: string): Result<WorkerTarget, Problem> {
  const bare = text.replace(/^ssh:\/\//, "").replace(/\/$/, "");
  const [, user, inner, plain = "", port] =
    /^(?:(.*)@)?(?:\[([^\]]+)\]|([^:]*|[^@]*:[^@]*:[^@]*))(?::(\d+))?$/.exec(bare) ?? [];
  const target = {
    host: inner ?? plain,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
  const shape = shapeAt(["workers", 0]);
  const wrong = Object.entries(target).find(([key, value]) => shape?.[key]?.safeParse(value).success !== true);
  if (!wrong) return ok(target);
  return fail({
    what: `${JSON.stringify(text)} is not USER@HOST[:PORT]`,
    fix: "distffmpeg workers add encoder@tower.local",
  });
}
