import { expect, test } from "bun:test";
import { join } from "node:path";

test("a long result reaches a slow reader whole, although the process exits at once", async () => {
  const module = JSON.stringify(join(import.meta.dir, "surroundings.ts"));
  const code = `import { createSurroundings } from ${module};
    createSurroundings(process).terminal.print("x".repeat(1_000_000));
    process.exit(0);`;
  // A shell between the two, because a reader in this process would not be slow.
  const script = 'exec 3>&1; "$0" -e "$1" | { sleep 0.3; wc -c >&3; }';
  const child = Bun.spawn(["sh", "-c", script, process.execPath, code], { stdout: "pipe" });
  expect(Number(await new Response(child.stdout).text())).toBe(1_000_001);
});
