// Real RetroArch processes play through our relay, without a screen.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireProgram } from "../../../scripts/testing/require-program.ts";
import { ADMIN, callApp, VIEWER } from "../auth/calls.testing.ts";
import { ensurePlatform } from "../platforms/service.ts";
import { addDiscoveredRoms } from "../roms/discovery/service.ts";
import { makeProgram, PROGRAM_CRC32 } from "./nes-program.testing.ts";
import {
  findCommonState,
  hasRetroArch,
  type Player,
  type PlayerOptions,
  startPlayer,
} from "./retroarch.testing.ts";
import { createRelayScene, type RelayApp } from "./scene.testing.ts";

const TEST_MAX_MS = 120_000;
const FRAMES = 600;
/** Until nobody guesses any more what the others press. */
const SETTLED_MS = 400;
const A = 8;
const B = 0;

const scenes = createRelayScene();
const folder = mkdtempSync(join(tmpdir(), "multitap-retroarch-"));
const rom = join(folder, "program.nes");
let scene: RelayApp;
const players: Player[] = [];

async function addRom(): Promise<void> {
  const { database, ports } = scene.app;
  const bindings = { platformsBinding: new Map(), platformsVersions: new Map() };
  const { id: platformId } = await ensurePlatform(ports.database, "nes", bindings);
  const file = {
    fileName: "Program.nes",
    filePath: "roms/nes",
    category: null,
    sizeBytes: 24_592,
    modifiedAtMs: 0,
  };
  const found = {
    fsName: "Program.nes",
    fsPath: "roms/nes",
    isFolder: false,
    sizeBytes: 24_592,
    files: [file],
  };
  await addDiscoveredRoms(ports.database, [found], { platformId, isHashed: false });
  await database.handle.sql`update roms set crc_hash = ${PROGRAM_CRC32}, name = 'Counting'`;
}

async function start(
  options: Pick<PlayerOptions, "nick" | "hostBy" | "joins" | "isSpectator">,
): Promise<Player> {
  const player = await startPlayer({
    folder: join(folder, `${options.nick}-${players.length}-${Bun.nanoseconds()}`),
    rom,
    ...options,
  });
  players.push(player);
  return player;
}

/** A host through the relay, and its session as the API tells. */
async function host(nick: string) {
  const known = new Set((await scene.list()).map(({ id }) => id));
  const player = await start({ nick, hostBy: `127.0.0.1|${scene.port}` });
  await player.waitFor(/You have joined as player 1/);
  const sessions = await scene.waitForList((all) => all.some(({ id }) => !known.has(id)));
  const session = sessions.find(({ id }) => !known.has(id));
  expect(session?.port).toBe(scene.port);
  return { player, joinLine: session?.joinLine ?? "", sessionId: session?.id ?? "" };
}

const isMissing = !hasRetroArch(requireProgram("retroarch"));

describe.skipIf(isMissing)("RetroArch on the relay (needs retroarch, nestopia)", () => {
  beforeAll(async () => {
    writeFileSync(rom, makeProgram());
    scene = await scenes.open();
    await addRom();
  }, TEST_MAX_MS);
  afterEach(async () => {
    for (const player of players.splice(0).reverse()) await player.quit();
    await scene.waitForList((sessions) => sessions.length === 0);
  }, TEST_MAX_MS);
  afterAll(async () => {
    await scenes.close();
    rmSync(folder, { recursive: true, force: true });
  }, TEST_MAX_MS);

  test(
    "plays ten seconds with inputs of both sides, and somebody who watches, all with the same memory",
    async () => {
      const { player: alice, joinLine } = await host("alice");
      const bob = await start({ nick: "bob", joins: joinLine });
      await bob.waitFor(/You have joined as player 2/);
      await alice.waitFor(/bob has joined as player 2/);
      const carol = await start({ nick: "carol", joins: joinLine, isSpectator: true });
      await alice.waitFor(/carol.* (?:has joined|connected)|"carol"/i);
      await Bun.sleep(SETTLED_MS);
      const all = [alice, bob, carol];
      const before = await findCommonState(all);
      let after = before;
      while (after.frames - before.frames < FRAMES) {
        const last = after;
        await Promise.all([alice.press(A, 200), bob.press(B, 250)]);
        await Bun.sleep(SETTLED_MS);
        after = await findCommonState(all);
        expect([after.one > last.one, after.two > last.two]).toEqual([true, true]);
      }
      for (const player of all) expect(player.text()).not.toMatch(/CRCs mismatch|desync/i);
      const [session] = await scene.waitForList(
        ([first]) => first?.players.every(({ nick, isLinked }) => isLinked && nick !== null) === true,
      );
      expect(session).toMatchObject({
        title: "Counting",
        crc32: PROGRAM_CRC32,
        coreName: "Nestopia",
        hostNick: "alice",
        hasPassword: false,
      });
      expect(session?.players.map(({ nick }) => nick)).toEqual(["bob", "carol"]);
    },
    TEST_MAX_MS,
  );

  test(
    "sees a player go whose machine dies, and come back",
    async () => {
      const { player: alice, joinLine } = await host("alice");
      const bob = await start({ nick: "bob", joins: joinLine });
      await alice.waitFor(/bob has joined as player 2/);
      await bob.kill();
      await alice.waitFor(/"?bob"? has disconnected/);
      expect(await scene.waitForList(([session]) => session?.players.length === 0)).toMatchObject([
        { players: [] },
      ]);
      const again = await start({ nick: "bobby", joins: joinLine });
      await alice.waitFor(/bobby has joined as player 2/);
      await Bun.sleep(SETTLED_MS);
      const before = await findCommonState([alice, again]);
      await again.press(B, 200);
      await Bun.sleep(SETTLED_MS);
      expect((await findCommonState([alice, again])).two).toBeGreaterThan(before.two);
    },
    TEST_MAX_MS,
  );

  test(
    "lets somebody without a session id into the only game there is",
    async () => {
      const { player: alice } = await host("alice");
      const bob = await start({ nick: "bob", joins: { address: "127.0.0.1", port: scene.port } });
      await bob.waitFor(/You have joined as player 2/);
      await alice.waitFor(/bob has joined as player 2/);
    },
    TEST_MAX_MS,
  );

  test(
    "tells somebody without a session id among several games that it does not know which",
    async () => {
      await host("alice");
      await host("dora");
      const bob = await start({ nick: "bob", joins: { address: "127.0.0.1", port: scene.port } });
      await bob.waitFor(/old version of RetroArch/);
    },
    TEST_MAX_MS,
  );

  test(
    "tells somebody who was banned so",
    async () => {
      const { joinLine } = await host("alice");
      const ban = (authorization: string) =>
        callApp(scene.app, "/trpc/relay.ban", { authorization, json: { address: "127.0.0.1" } });
      expect((await ban(VIEWER)).status).toBe(403);
      expect((await ban(ADMIN)).status).toBe(200);
      await scene.waitForList((sessions) => sessions.length === 0);
      const bob = await start({ nick: "bob", joins: joinLine });
      await bob.waitFor(/You are banned from this host/);
      const json = { network: "127.0.0.1" };
      await callApp(scene.app, "/trpc/relay.liftBan", { authorization: ADMIN, json });
    },
    TEST_MAX_MS,
  );

  test(
    "ends the netplay of a host whose relay goes, whose game goes on",
    async () => {
      const other = await scenes.open();
      const player = await start({ nick: "erna", hostBy: `127.0.0.1|${other.port}` });
      await player.waitFor(/You have joined as player 1/);
      await other.relay.stop();
      await player.waitFor(/Tunnel server error/);
      const first = await player.look();
      await Bun.sleep(200);
      expect((await player.look())?.counters.frames).toBeGreaterThan(first?.counters.frames ?? 0);
    },
    TEST_MAX_MS,
  );
});
