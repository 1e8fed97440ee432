// A TCP proxy on loopback that holds all it forwards back for a while, as a longer line would: for measuring alone.
// By itself (`node delay-proxy.mjs PORT MILLISECONDS`) it prints its own port, and ends with its standard input.
import { createConnection, createServer } from "node:net";
import { fileURLToPath } from "node:url";

/**
 * Opens a proxy in front of a port of this machine. Each direction is delayed by half of `roundTrip` (milliseconds);
 * the rate is not limited.
 * @param {number} port
 * @param {number} roundTrip
 * @returns {Promise<{ readonly port: number, close(): void }>}
 */
export async function delayProxy(port, roundTrip) {
  const sockets = new Set();
  const server = createServer((near) => {
    const far = createConnection({ host: "127.0.0.1", port });
    carry(near, far, roundTrip / 2, sockets);
    carry(far, near, roundTrip / 2, sockets);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** What is under way at most, bytes: far more than any window of SSH. */
const UNDER_WAY = 64 * 1024 * 1024;

function carry(from, to, delay, sockets) {
  /** @type {{ due: number, data: Buffer }[]} */
  const queue = [];
  let [bytes, ended, timer] = [0, false, undefined];
  sockets.add(from);
  from.setNoDelay(true);
  const flush = () => {
    timer = undefined;
    const now = performance.now();
    while (queue[0] && queue[0].due <= now) {
      const { data } = queue.shift();
      bytes -= data.length;
      to.write(data);
    }
    if (bytes < UNDER_WAY / 2) from.resume();
    if (queue[0]) timer = setTimeout(flush, Math.max(0, queue[0].due - now));
    else if (ended) to.end();
  };
  from.on("data", (data) => {
    queue.push({ due: performance.now() + delay, data });
    bytes += data.length;
    if (bytes > UNDER_WAY) from.pause();
    timer ??= setTimeout(flush, delay);
  });
  from.on("end", () => {
    ended = true;
    if (!timer) flush();
  });
  from.on("error", () => undefined);
  from.on("close", () => {
    sockets.delete(from);
    if (!ended) to.destroy();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port = 22, roundTrip = 20] = process.argv.slice(2).map(Number);
  const proxy = await delayProxy(port, roundTrip);
  console.log(proxy.port);
  process.stdin.resume().on("end", () => proxy.close());
}
