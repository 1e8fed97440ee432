import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/{unit,property,e2e,faults,equivalence}/**/*.test.ts"],
    // Real encodes on a busy machine take as long as they take: the limits only end what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // Processes, not threads: tests change the working folder and the environment, and start programs of their own.
    pool: "forks",
    maxWorkers: 2,
  },
});
