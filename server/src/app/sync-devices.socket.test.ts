// The published sync against the real server: devices with folders, edits at any moment, and processes that die.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Client, createClient, isMultitapError } from "@multitap/client";
import { folderSaveStore } from "@multitap/client/node";
import { createSync, type SyncEvent, type SyncOptions } from "@multitap/client/sync";
import { runOffline } from "../cli/offline.testing.ts";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

const TEST_MAX_MS = 60_000;
const PLATFORM = "snes";
const EXAMPLE = join(import.meta.dir, "../../../client-sdk/examples/retroarch-sync.ts");
const children = new Set<Bun.Subprocess>();

const seedText = process.env.MULTITAP_E2E_SEED;
const SEED = seedText === undefined ? Math.floor(Math.random() * 1_000_000) : Number(seedText);
let diceState = SEED;
const below = (count: number) => {
  diceState = (Math.imul(diceState, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor(((diceState >>> 8) / 2 ** 24) * count);
};
console.log(`sync of devices: MULTITAP_E2E_SEED=${SEED}`);

let library: TestLibrary;
let url: string;
let token: string;
let root: string;
const clients: Client[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "multitap-devices-"));
  library = await openLibrary();
  url = await library.app.listen();
  const scope = "me.read assets.read assets.write devices.read devices.write roms.read";
  const form = new URLSearchParams({ username: "admin", password: "adminpass", scope });
  const granted = await library.app.fetch("/api/token", { method: "POST", body: form });
  token = ((await granted.json()) as { access_token: string }).access_token;
}, TEST_MAX_MS);
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const client of clients) await client.close();
  await library?.close();
  await rm(root, { recursive: true, force: true });
});

let deviceCount = 0;

interface Device {
  readonly id: string;
  /** The one rom that the test is about. */
  readonly romId: number;
  readonly fsName: string;
  readonly client: Client;
  readonly folder: string;
}

/** Two devices and a rom that no other test knows. */
async function addPair(): Promise<readonly [Device, Device]> {
  const fsName = `Käse & Pilot ${deviceCount} (USA).sfc`;
  const romId = (await library.addRoms(PLATFORM, [fsName]))[fsName] ?? 0;
  return [await addDevice({ romId, fsName }), await addDevice({ romId, fsName })];
}

async function addDevice(rom: Pick<Device, "romId" | "fsName">): Promise<Device> {
  const id = `device-${deviceCount++}`;
  await library.change(
    `insert into devices (id, user_id, name) select '${id}', id, '${id}' from users where role = 'admin' limit 1`,
  );
  const client = createClient({ url, auth: token, retry: { baseMs: 1, delayMaxMs: 20 } });
  clients.push(client);
  return { ...rom, id, client, folder: join(root, id) };
}

const syncOf = ({ id: deviceId, client, folder, romId }: Device, options: Partial<SyncOptions> = {}) =>
  createSync(client, { deviceId, store: folderSaveStore(folder), romIds: [romId], ...options });

async function edit(device: Device, slot: string, files: Readonly<Record<string, string>>) {
  const folder = join(device.folder, "saves", PLATFORM, device.fsName, slot);
  for (const name of await readdir(folder).catch(() => [])) {
    if (!(name in files)) await rm(join(folder, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** Everything below a device's saves, as text. */
async function contentOf({ folder }: Device, slotPrefix = ""): Promise<Readonly<Record<string, string>>> {
  const names = await readdir(join(folder, "saves"), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const rows = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length + 1), await readFile(path, "utf8")] as const;
      }),
  );
  return Object.fromEntries(rows.filter(([path]) => path.includes(`/${slotPrefix}`)).sort());
}

/** Every content that the server has of a slot, also of the past. */
async function historyOf({ romId }: Device, slot: string): Promise<readonly string[]> {
  const texts: string[] = [];
  const { sql } = library.app.database.handle;
  const rows = await sql<{ stored_path: string }[]>`
    select stored_path from saves where rom_id = ${romId} and slot = ${slot}
    union select stored_path from trashed_assets where rom_id = ${romId} and slot = ${slot}`;
  for (const { stored_path } of rows) {
    texts.push(await readFile(join(library.app.facts.assetsPath, stored_path), "latin1"));
  }
  return texts;
}

describe("two devices and a server", () => {
  test(
    "exchange saves of one file and of several",
    async () => {
      const [a, b] = await addPair();
      await edit(a, "x1", { "game.srm": "one" });
      await edit(a, "x2", { "game.srm": "one", "game.rtc": "clock", "deep/er/x.bin": "" });
      expect(await syncOf(a).run()).toMatchObject({ uploaded: 2, failed: 0 });
      const plan = await syncOf(b).plan();
      expect(plan.actions.map(({ action }) => action)).toEqual(["download", "download"]);
      expect(await contentOf(b)).toEqual({});
      expect(await syncOf(b).run()).toMatchObject({ downloaded: 2, failed: 0 });
      expect(await contentOf(b)).toEqual(await contentOf(a));
      await edit(b, "x2", { "game.srm": "two", "deep/er/x.bin": "!" });
      expect(await syncOf(b).run()).toMatchObject({ uploaded: 1, conflicts: 0 });
      expect(await syncOf(a).run()).toMatchObject({ downloaded: 1, conflicts: 0 });
      expect(await contentOf(b)).toEqual(await contentOf(a));
      for (const device of [a, b]) {
        expect(await syncOf(device).run()).toMatchObject({ uploaded: 0, downloaded: 0, unchanged: 2 });
      }
    },
    TEST_MAX_MS,
  );

  test.each([
    ["keep_both", "mine"],
    ["device_wins", "mine"],
    ["server_wins", "theirs"],
  ] as const)(
    "%s: both versions of a conflict stay in the history, and both devices end with one",
    async (choice, expected) => {
      const [a, b] = await addPair();
      const slot = `c-${choice}`;
      await edit(a, slot, { "game.srm": `base ${choice}` });
      await syncOf(a).run();
      await syncOf(b).run();
      await edit(a, slot, { "game.srm": `theirs ${choice}` });
      await syncOf(a).run();
      await edit(b, slot, { "game.srm": `mine ${choice}` });
      const events: SyncEvent[] = [];
      const report = await syncOf(b, { conflicts: choice }).run({
        onEvent: (event) => events.push(event),
      });
      expect(report).toMatchObject({ conflicts: 1, failed: 0 });
      await syncOf(a).run();
      for (const device of [a, b]) {
        expect(Object.values(await contentOf(device, slot))).toEqual([`${expected} ${choice}`]);
      }
      const history = await historyOf(a, slot);
      expect(history).toContain(`mine ${choice}`);
      expect(history).toContain(`theirs ${choice}`);
      const { sql } = library.app.database.handle;
      const rows = await sql<{ resolution: string | null }[]>`
        select resolution from sync_conflicts where slot = ${slot}`;
      expect(rows.map(({ resolution }) => resolution)).toEqual([choice]);
    },
    TEST_MAX_MS,
  );

  test(
    "follow each other",
    async () => {
      const [a, b] = await addPair();
      const ending = new AbortController();
      const seen: string[] = [];
      const follow = async (device: Device) => {
        const options = { signal: ending.signal, quietMs: 50, everyMs: 60_000 };
        for await (const event of syncOf(device).follow(options)) seen.push(`${device.id} ${event.type}`);
      };
      const following = [follow(a), follow(b)];
      await until(() => [a, b].every(({ id }) => seen.includes(`${id} waiting`)));
      await edit(a, "f", { "game.srm": "followed" });
      await until(async () => Object.values(await contentOf(b, "f")).includes("followed"));
      await edit(b, "f", { "game.srm": "and back" });
      await until(async () => Object.values(await contentOf(a, "f")).includes("and back"));
      ending.abort();
      await Promise.all(following);
    },
    TEST_MAX_MS,
  );

  test(
    "end with the same folders and lose nothing, with edits and deaths at any moment",
    async () => {
      const devices = await addPair();
      const slots = ["r1", "r2", "r3"];
      const owed = new Map<string, string>();
      const written: { readonly slot: string; readonly text: string }[] = [];
      let count = 0;
      const change = async (device: Device) => {
        const slot = slots[below(slots.length)] ?? "";
        const text = `<${device.id} ${count++} seed ${SEED}>`;
        const isBundle = slot === "r3";
        await edit(device, slot, isBundle ? { "game.srm": text, "game.rtc": "clock" } : { "game.srm": text });
        owed.set(`${device.id} ${slot}`, text);
        written.push({ slot, text });
      };
      const die = async (device: Device) => {
        const killing = new AbortController();
        const client = createClient({
          url,
          auth: token,
          retry: false,
          fetch: dieAt(1 + below(12), () => killing.abort()),
        });
        const sync = syncOf(
          { ...device, client },
          { conflicts: () => (["keep_both", "server_wins"] as const)[below(2)] ?? "skip" },
        );
        await sync.run({ signal: killing.signal }).catch((error: unknown) => {
          if (!isMultitapError(error, "aborted", "network")) throw error;
        });
        await client.close();
      };
      for (let round = 0; round < 12; round++) {
        for (const device of devices) await change(device);
        const work = devices.map((device) => (below(2) === 0 ? die(device) : syncOf(device).run()));
        await Promise.all(work);
      }
      for (let round = 0; round < 3; round++) for (const device of devices) await syncOf(device).run();
      const [left, right] = await Promise.all(devices.map((device) => contentOf(device)));
      expect(left).toEqual(right ?? {});
      const histories = new Map<string, readonly string[]>();
      for (const slot of slots) histories.set(slot, await historyOf(devices[0], slot));
      const isKept = (slot: string, text: string) =>
        (histories.get(slot) ?? []).some((each) => each.includes(text));
      for (const [place, text] of owed) {
        const slot = place.split(" ")[1] ?? "";
        expect([SEED, slot, text, isKept(slot, text)]).toEqual([SEED, slot, text, true]);
      }
      expect(written.filter(({ slot, text }) => isKept(slot, text)).length).toBeGreaterThan(6);
    },
    TEST_MAX_MS,
  );
});

describe("programs over the sync", () => {
  /** A RetroArch device: its folders, with the rom of the pair. */
  async function addRetroArch(device: Device) {
    const at = (...names: readonly string[]) => join(device.folder, ...names);
    for (const name of ["saves/Snes9x", "states", `roms/${PLATFORM}`])
      await mkdir(at(name), { recursive: true });
    await writeFile(at("roms", PLATFORM, device.fsName), "rom");
    const stem = device.fsName.replace(/\.sfc$/, "");
    return { at, stem, folders: [at("saves"), at("states"), at("roms")] as const };
  }

  test(
    "retroarch-sync tells what it will do, does it, and follows",
    async () => {
      const [a, b] = await addPair();
      const [left, right] = [await addRetroArch(a), await addRetroArch(b)];
      await writeFile(left.at("saves", "Snes9x", `${left.stem}.srm`), "one");
      await writeFile(left.at("saves", "Snes9x", `${left.stem}.rtc`), "clock");
      await writeFile(left.at("states", `${left.stem}.state1`), "moment");
      const seen: string[] = [];
      const start = (device: Device, folders: readonly string[]) => {
        const command = [process.execPath, EXAMPLE, url, token, device.id, ...folders];
        const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
        children.add(child);
        void (async () => {
          const decoder = new TextDecoderStream();
          let rest = "";
          for await (const text of child.stdout.pipeThrough(decoder as never) as AsyncIterable<string>) {
            const lines = `${rest}${text}`.split("\n");
            rest = lines.pop() ?? "";
            seen.push(...lines.map((line) => `${device.id} ${line}`));
          }
        })();
        return child;
      };
      const first = start(a, left.folders);
      await until(() => seen.includes(`${a.id} waits for a change`));
      expect(seen.filter((line) => line.includes(" will "))).toEqual([
        `${a.id} will upload save:Snes9x/${left.stem}`,
        `${a.id} will upload state:${left.stem}.state1`,
      ]);
      const second = start(b, right.folders);
      await until(() => seen.includes(`${b.id} waits for a change`));
      expect(await readFile(right.at("saves", `${left.stem}.rtc`), "utf8")).toBe("clock");
      expect(await readFile(right.at("states", `${left.stem}.state1`), "utf8")).toBe("moment");
      await writeFile(right.at("saves", `${left.stem}.srm`), "two");
      const isThere = async () =>
        (await readFile(left.at("saves", "Snes9x", `${left.stem}.srm`), "utf8").catch(() => "")) === "two";
      await until(isThere);
      for (const child of [first, second]) child.kill("SIGINT");
      expect(await Promise.all([first.exited, second.exited])).toEqual([0, 0]);
      expect(seen.filter((line) => line.includes("could not"))).toEqual([]);
    },
    TEST_MAX_MS,
  );

  test(
    "multitap sync plans, syncs once, and tells in JSON",
    async () => {
      const [a] = await addPair();
      await edit(a, "cli", { "game.srm": "from the command line" });
      const tokenFile = join(root, "token");
      await writeFile(tokenFile, `${token}\n`);
      const args = ["sync", a.folder, "--server", url, "--device", a.id, "--token-file", tokenFile, "--json"];
      const plan = await runOffline([...args, "--dry-run"]);
      const { actions } = (JSON.parse(plan.out) as { plan: { actions: { action: string }[] } }).plan;
      expect([plan.exitCode, actions.filter(({ action }) => action === "upload").length]).toEqual([0, 1]);
      const run = await runOffline([...args, "--once", "--direction", "upload"]);
      expect(run.exitCode).toBe(0);
      expect(JSON.parse(run.out)).toMatchObject({ report: { uploaded: 1, failed: 0 } });
      expect((await historyOf(a, "cli"))[0]).toBe("from the command line");
      const refused = await runOffline([...args.slice(0, -1), "--states", "x", "--once"]);
      expect([refused.exitCode, refused.err.includes("--states needs --roms")]).toEqual([64, true]);
    },
    TEST_MAX_MS,
  );
});

/** A network that is gone from some request on; the request itself may have arrived. */
function dieAt(requests: number, onDeath: () => void) {
  let left = requests;
  return async (address: string, init: RequestInit): Promise<Response> => {
    left--;
    if (left > 0) return await fetch(address, init);
    if (left === 0 && below(2) === 0) await fetch(address, init);
    onDeath();
    throw new TypeError("the process died");
  };
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isDone()) return;
    await Bun.sleep(25);
  }
  expect.unreachable("it never happened");
}
