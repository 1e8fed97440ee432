import { appendFileSync, readFileSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { Lab, LabWorker, LabWorkerConfig } from "./lab.mjs";

/** A TCP proxy in front of a worker, for a network that falls silent: nothing is forwarded, and nothing closed. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #silent = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Opens a proxy, and makes its port known as the worker's. */
  static async before(
    lab: Lab,
    worker: LabWorker,
  ): Promise<{ readonly proxy: Proxy; readonly config: LabWorkerConfig }> {
    const server = createServer();
    const proxy = new Proxy(server);
    server.on("connection", (near) => proxy.#carry(near, worker.port));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const known = readFileSync(lab.knownHosts, "utf8").split("\n");
    const own = known.find((line) => line.startsWith(`[127.0.0.1]:${worker.port} `)) ?? "";
    appendFileSync(lab.knownHosts, `${own.replace(`:${worker.port} `, `:${port} `)}\n`);
    return { proxy, config: { ...worker.config, port } };
  }

  /** From now on nothing goes through, in either direction; new connections are taken and hear nothing. */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause().removeAllListeners("data");
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #carry(near: Socket, port: number): void {
    const ends: readonly (readonly [Socket, Socket | undefined])[] = this.#silent
      ? [[near, undefined]]
      : ((far) => [
          [near, far],
          [far, near],
        ])(createConnection({ host: "127.0.0.1", port }));
    for (const [from, to] of ends) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on("error", () => undefined);
      from.on("close", () => {
        this.#sockets.delete(from);
        // The other side of a silent network hears of no end either.
        if (!this.#silent) to?.destroy();
      });
      if (to) from.on("data", (data: Buffer) => void to.write(data));
    }
  }
}
