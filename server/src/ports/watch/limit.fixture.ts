import { createDiskWatch } from "./disk.ts";

/** Watches the folder in its first argument by the system, and says in one JSON line what came of it. */
const problems: string[] = [];
const folders = new Set<string>();
const watch = createDiskWatch({ rootCheckMs: 30 }).open({
  folder: process.argv[2] ?? "",
  isPolling: false,
  pollIntervalMs: 20,
  isIgnored: () => false,
  onChange: ({ folder }) => void folders.add(folder),
  onProblem: ({ kind, message }) => void problems.push(`${kind} ${message}`),
});
await watch.ready;
await Bun.sleep(150);
await Bun.write(`${process.argv[2]}/roms/p9/new.rom`, "x");
await Bun.sleep(200);
console.log(JSON.stringify({ mode: watch.state().mode, problems, folders: [...folders] }));
watch.close();
