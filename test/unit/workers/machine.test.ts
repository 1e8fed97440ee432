import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMachine } from "../../../src/workers/machine-text.js";
import { readSections } from "../../../src/workers/sections.js";

const MARK = "@distffmpeg ";
const read = (text: string) => readMachine(readSections(text, MARK));

/** What a server of two sockets says; with hyper-threading, the kernel numbers the second threads behind all first ones. */
const TWO_SOCKETS = `
@distffmpeg cores
32
@distffmpeg limits
@distffmpeg memory
MemAvailable:   100000000 kB
@distffmpeg nodes
Cpus_allowed_list:	0-31
Mems_allowed_list:	0-1
node 0 0-7,16-23
Node 0 MemFree:        40000000 kB
Node 0 FilePages:      10000000 kB
node 1 8-15,24-31
Node 1 MemFree:        50000000 kB
Node 1 FilePages:       0 kB
@distffmpeg end
`;
const KB = 1024;

describe("what a machine has", () => {
  test("processors, memory and NUMA nodes", () => {
    expect(read(TWO_SOCKETS)).toEqual({
      cores: 32,
      memory: 100_000_000 * KB,
      nodes: [
        { id: 0, cores: 16, memory: 50_000_000 * KB },
        { id: 1, cores: 16, memory: 50_000_000 * KB },
      ],
    });
  });

  test("nodes count with what the login may use of them", () => {
    const bound = TWO_SOCKETS.replace("\n32\n", "\n6\n").replace("list:	0-31", "list:	0-3,8-9");
    expect(read(bound).nodes.map(({ id, cores }) => [id, cores])).toEqual([
      [0, 4],
      [1, 2],
    ]);
    expect(
      read(TWO_SOCKETS.replace("Mems_allowed_list:	0-1", "Mems_allowed_list:	1")).nodes.map(({ id }) => id),
    ).toEqual([1]);
    // One that has memory only.
    expect(read(TWO_SOCKETS.replace("node 1 8-15,24-31", "node 1 ")).nodes.map(({ id }) => id)).toEqual([0]);
  });

  test("control groups limit both", () => {
    const limits = "limits\ncpu 250000 100000\ncpu max 100000\nmemory max 5\nmemory 4000000000 1000000000";
    expect(read(TWO_SOCKETS.replace("limits", limits))).toMatchObject({
      cores: 3,
      memory: 3_000_000_000,
      nodes: [{ cores: 2 }, { cores: 2 }],
    });
    // The first version says "no limit" by a number that no machine has, and by -1.
    const old = "limits\ncpu -1 100000\nmemory 9223372036854771712 832368640";
    expect(read(TWO_SOCKETS.replace("limits", old))).toMatchObject({ cores: 32, memory: 100_000_000 * KB });
  });

  test("macOS and BSD tell how much memory there is, of which half may be in use", () => {
    const mac = "@distffmpeg cores\n10\n@distffmpeg memory\n34359738368\n@distffmpeg nodes\n@distffmpeg end\n";
    expect(read(mac)).toEqual({ cores: 10, memory: 17179869184, nodes: [] });
  });

  test("nothing said: one processor", () => {
    expect(read("")).toEqual({ cores: 1, memory: undefined, nodes: [] });
  });

  test("whatever a worker says, there is a machine", () => {
    const line = fc.oneof(
      fc.constantFrom("cores", "limits", "memory", "nodes").map((name) => `${MARK}${name}`),
      fc
        .constantFrom("cpu ", "memory ", "node ", "Node 0 MemFree: ", "Cpus_allowed_list: ")
        .chain((head) =>
          fc.oneof(fc.string(), fc.integer().map(String), fc.constant("0-99999999999")).map((rest) => head + rest),
        ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { cores, memory = 0, nodes } = read(lines.join("\n"));
        expect(cores).toBeGreaterThanOrEqual(1);
        expect(memory).toBeGreaterThanOrEqual(0);
        for (const node of nodes) expect(node.cores).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
