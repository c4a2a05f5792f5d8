// The example game of the client, as its users build it, in two pages of a browser on a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { type Chromium, openChromium, requireChromium } from "../../../../scripts/testing/chromium.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";

const TIMEOUT_MS = 90_000;
/** Sampled frames that both pages have to agree on. */
const SAMPLES = 8;
/** Looks again by a timer: a tab that is not in front draws nothing, which is what is waited for otherwise. */
const WAITING = { polling: 50, timeout: TIMEOUT_MS / 2 } as const;
const isMissing = requireChromium() === null;

/** Frames with the checksums of the host's and the guest's game. */
type Checks = readonly (readonly [frame: number, host: string, guest: string])[];

interface Scene {
  readonly chromium: Chromium;
  readonly folder: string;
  readonly library: TestLibrary;
  readonly url: string;
  readonly token: string;
  readonly romId: number;
}

let scene: Scene | null = null;
const complaints: string[] = [];

function getScene(): Scene {
  if (scene === null) throw new TypeError("the scene was opened before");
  return scene;
}

/** Builds the page as its users do. */
async function buildPage(folder: string): Promise<void> {
  const script = join(import.meta.dir, "../../../../client-sdk/examples/two-tabs-netplay/build.ts");
  const child = Bun.spawn([process.execPath, script, folder], { stdin: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  expect([await child.exited, errors]).toEqual([0, ""]);
}

beforeAll(async () => {
  if (isMissing) return;
  const folder = await mkdtemp(join(tmpdir(), "multitap-tabs-"));
  await buildPage(folder);
  // The server serves the page itself, as it does a frontend.
  const library = await openLibrary({ environment: { MULTITAP_WEB_DIR: folder } });
  const romId = await library.addRom("nes", "Two Paddles.nes", "x");
  const url = await library.app.listen();
  const token = (await library.tokenWith("assets.read roms.read roms.user.read roms.user.write")).replace(
    "Bearer ",
    "",
  );
  const chromium = await openChromium({
    // Names in place of addresses need a multicast network, which test machines have not.
    args: ["--disable-features=WebRtcHideLocalIpsWithMdns"],
    onPageMessage: ({ kind, text }) => {
      // The browser tells of an icon that there is none of.
      if (!/status of 404/.test(text)) complaints.push(`${kind} ${text}`);
    },
  });
  scene = { chromium, folder, library, url, token, romId };
}, TIMEOUT_MS);

afterAll(async () => {
  await scene?.chromium.close();
  await scene?.library.close();
  if (scene !== null) await rm(scene.folder, { recursive: true, force: true });
}, TIMEOUT_MS);

/** Notes every peer connection of a page, so that a test can look at the candidates. */
function noteConnections(): void {
  const made: RTCPeerConnection[] = [];
  Object.assign(globalThis, { made });
  const Own = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Own {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      made.push(this);
    }
  };
}

/** As where a policy forbids peer connections: there is no such thing. */
function forbidConnections(): void {
  Object.assign(globalThis, { made: [] });
  Reflect.deleteProperty(globalThis, "RTCPeerConnection");
}

/** Opens the page, fills in its form and plays. */
async function openPage(name: string, invite: string, prepare: () => void): Promise<Page> {
  const { chromium, url, token, romId } = getScene();
  const page = await chromium.openPage();
  await page.evaluateOnNewDocument(prepare);
  await page.goto(url);
  const fields = { token, name, invite, rom: String(romId) };
  await page.evaluate((values) => {
    for (const [field, value] of Object.entries(values)) {
      const input = document.querySelector(`input[name=${field}]`);
      if (input instanceof HTMLInputElement) input.value = value;
    }
    document.querySelector("form")?.requestSubmit();
  }, fields);
  await page.waitForFunction(() => (document.querySelector("#invite")?.textContent ?? "") !== "", WAITING);
  return page;
}

const textOf = (page: Page, selector: string) =>
  page.evaluate((where) => document.querySelector(where)?.textContent ?? "", selector);

/** Checksums of a page's games, by frame. */
async function readChecks(page: Page): Promise<ReadonlyMap<number, string>> {
  const rows = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLLIElement>("#checks li")].map(
      ({ value, textContent }) => [value, textContent ?? ""] as const,
    ),
  );
  return new Map(rows);
}

/** The candidates that a page's inputs travel between, such as `host udp - host udp`; empty where there are none. */
async function readPairs(page: Page): Promise<readonly string[]> {
  return await page.evaluate(async () => {
    const { made } = globalThis as unknown as { made: readonly RTCPeerConnection[] };
    const found = await Promise.all(
      made.map(async (connection) => {
        const rows = new Map<string, Record<string, unknown>>();
        (await connection.getStats()).forEach((row: Record<string, unknown>) => {
          rows.set(String(row.id), row);
        });
        const transport = [...rows.values()].find(({ type }) => type === "transport");
        const pair = rows.get(String(transport?.selectedCandidatePairId));
        if (pair === undefined) return [];
        const ends = [pair.localCandidateId, pair.remoteCandidateId].map((id) => rows.get(String(id)));
        const words = ends.map((end) => `${end?.candidateType} ${end?.protocol} ${end?.address}`);
        return [`${words.join(" - ")}, ${pair.bytesSent} bytes sent, ${pair.bytesReceived} received`];
      }),
    );
    return found.flat();
  });
}

/** Moves both paddles for as long as it takes until both pages have shown enough frames with a guest in them. */
async function playTogether(pages: readonly Page[]): Promise<Checks> {
  const [host, guest] = pages;
  if (host === undefined || guest === undefined) throw new TypeError("two pages play");
  const endAt = Date.now() + TIMEOUT_MS / 2;
  for (let round = 0; ; round++) {
    const [hostKey, guestKey] =
      round % 2 === 0 ? (["ArrowUp", "ArrowDown"] as const) : (["ArrowDown", "ArrowUp"] as const);
    await host.keyboard.down(hostKey);
    await guest.keyboard.down(guestKey);
    await Bun.sleep(150);
    await host.keyboard.up(hostKey);
    await guest.keyboard.up(guestKey);
    const [ofHost, ofGuest] = [await readChecks(host), await readChecks(guest)];
    const both = [...ofGuest].flatMap(([frame, sum]) => {
      const other = ofHost.get(frame);
      return other === undefined ? [] : [[frame, other, sum] as const];
    });
    if (both.length >= SAMPLES) return both;
    if (Date.now() > endAt) throw new RangeError(`only ${both.length} frames in common`);
  }
}

async function playPair(prepare: () => void) {
  const host = await openPage("Ana", "", prepare);
  const invite = await textOf(host, "#invite");
  expect(invite).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
  const guest = await openPage("Ben", invite, prepare);
  return [host, guest] as const;
}

function print(what: string, checks: Checks, pairs: readonly string[]): void {
  const rows = checks.slice(-3).map(([frame, host, guest]) => `  frame ${frame}: ${host} ${guest}`);
  console.log(`${what}\n  candidates: ${pairs.join("; ") || "no pair is selected"}\n${rows.join("\n")}`);
}

const waitForPath = (page: Page, path: string) =>
  page.waitForFunction(
    (wanted) => document.querySelector("#path")?.textContent?.startsWith(wanted),
    WAITING,
    path,
  );

/** Both games moved, and are the same. */
function expectSameGames(checks: Checks): void {
  expect(checks.map(([frame, host]) => [frame, host])).toEqual(
    checks.map(([frame, , guest]) => [frame, guest]),
  );
  expect(new Set(checks.map(([, host]) => host)).size).toBe(checks.length);
}

describe.skipIf(isMissing)("two-tabs-netplay", () => {
  test(
    "two tabs play one game, and their inputs go from one to the other",
    async () => {
      const pages = await playPair(noteConnections);
      await Promise.all(pages.map((page) => waitForPath(page, "direct")));
      const checks = await playTogether(pages);
      expectSameGames(checks);
      const pairs = await Promise.all(pages.map(readPairs));
      print("by a path of their own", checks, pairs.flat());
      expect(pairs.map((of) => of.length)).toEqual([1, 1]);
      expect(pairs.flat().join()).toMatch(/^(?:host|prflx) udp .* - (?:host|prflx) udp /);
      for (const page of pages) await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "a path that breaks is made good by the server, and by a new path",
    async () => {
      const [host, guest] = await playPair(noteConnections);
      await Promise.all([host, guest].map((page) => waitForPath(page, "direct")));
      await playTogether([host, guest]);
      await guest.evaluate(() => {
        const { made } = globalThis as unknown as { made: RTCPeerConnection[] };
        made[0]?.close();
      });
      await guest.waitForFunction(
        () => (globalThis as unknown as { made: RTCPeerConnection[] }).made.length > 1,
        WAITING,
      );
      await Promise.all([host, guest].map((page) => waitForPath(page, "direct")));
      const before = Math.max(...(await readChecks(guest)).keys());
      const after = (checks: Checks) => checks.filter(([frame]) => frame > before);
      let checks: Checks = [];
      while (after(checks).length < 2) checks = await playTogether([host, guest]);
      expectSameGames(checks);
      expect((await readPairs(guest)).length).toBe(1);
      for (const page of [host, guest]) await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "two tabs without peer connections play one game by the server",
    async () => {
      const pages = await playPair(forbidConnections);
      const checks = await playTogether(pages);
      expectSameGames(checks);
      const pairs = await Promise.all(pages.map(readPairs));
      print("by the server alone", checks, pairs.flat());
      expect(pairs).toEqual([[], []]);
      for (const page of pages) expect(await textOf(page, "#path")).toStartWith("relay");
      for (const page of pages) await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "the game goes on without the guest, and with the next one",
    async () => {
      const [host, guest] = await playPair(noteConnections);
      await playTogether([host, guest]);
      await guest.click("#leave");
      await guest.waitForFunction(() => document.querySelector("#status")?.textContent === "Left", WAITING);
      await host.waitForFunction(() => document.querySelector("#path")?.textContent === "alone", WAITING);
      const before = Math.max(...(await readChecks(host)).keys());
      await host.waitForFunction(
        (frame) =>
          [...document.querySelectorAll<HTMLLIElement>("#checks li")].some(({ value }) => value > frame),
        WAITING,
        before + 60,
      );
      const next = await openPage("Eve", await textOf(host, "#invite"), noteConnections);
      const checks = await playTogether([host, next]);
      expectSameGames(checks);
      for (const page of [host, guest, next]) await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
