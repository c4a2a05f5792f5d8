import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "@multitap/client";
import { createNetplay } from "@multitap/client/netplay";
import type { Page } from "puppeteer-core";
import { type Chromium, openChromium, requireChromium } from "../../../scripts/testing/chromium.ts";
import { makeId, toAsk } from "../netplay/scene.testing.ts";
import { openGame } from "../relay/client.testing.ts";
import { openLibrary } from "../roms/library.testing.ts";
import { openClient } from "../socket/client.testing.ts";
import { openRelay } from "./relay.ts";
import { createTestApp, type TestApp } from "./testing.ts";
import { holdHashes, WAIT_MS, waitForDownload } from "./web-page.testing.ts";

const TIMEOUT_MS = 180_000;
/** The narrowest phones that are still sold. */
const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const PASSWORD = "correct horse";
const GAME = "Crystal Maze (Europe).nes";
const GAME_BYTES = new Uint8Array(70_000).map((_, index) => (index * 7) % 251);
/** Several pages of the list, with the one above. */
const GAMES = 151;
/** As behind a proxy that serves others beside us. */
const PREFIX = "/games";
const environment = { MULTITAP_URL_PREFIX: PREFIX };
const isMissing = requireChromium() === null;

let chromium: Chromium | null = null;
let shots = "";
const complaints: string[] = [];
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  if (isMissing) return;
  shots = await mkdtemp(join(tmpdir(), "multitap-page-"));
  console.log(`screenshots: ${shots}`);
  chromium = await openChromium();
}, TIMEOUT_MS);

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
}, TIMEOUT_MS);

afterAll(async () => {
  await chromium?.close();
}, TIMEOUT_MS);

interface Scene {
  readonly app: TestApp;
  /** With the prefix, without a slash at the end. */
  readonly url: string;
  readonly page: Page;
}

/** Opens the page of an app on a phone, at a place. */
async function openScene(app: TestApp, path: string): Promise<Scene> {
  closers.push(() => app.close());
  complaints.length = 0;
  const origin = await app.listen();
  const page = await openPage(origin, `${origin}${path}`);
  closers.push(() => page.close());
  return { app, url: `${origin}${PREFIX}`, page };
}

/** An app with two accounts and a game. */
async function openLibraryScene(hash: string): Promise<Scene & { readonly romId: number }> {
  const library = await openLibrary({ environment });
  const romId = await library.addRom("nes", GAME, "bytes");
  const scene = await openScene(library.app, `${PREFIX}/${hash}`);
  await fill(scene.page, "Name", "admin");
  await scene.page.type("input[name=password]", "adminpass");
  await press(scene.page, "button", "Sign in");
  return { ...scene, romId };
}

async function openPage(origin: string, address: string): Promise<Page> {
  if (chromium === null) throw new TypeError("the browser was started before");
  const context = await chromium.browser.createBrowserContext();
  closers.push(() => context.close());
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(`${message.type()} ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(WAIT_MS);
  await page.setViewport(PHONE);
  page.on("dialog", (dialog) => void dialog.accept());
  page.on("requestfailed", (request) => {
    // Streams and lists end with their view.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed ${request.url()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) complaints.push(`asked ${request.url()}`);
  });
  await page.evaluateOnNewDocument(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`policy: ${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(address);
  return page;
}

/** Finds as a screen reader does: by role and name. */
const named = (role: string, name: string) => `aria/${name}[role="${role}"]`;
const press = (page: Page, role: string, name: string) => page.locator(named(role, name)).click();
const fill = (page: Page, name: string, text: string) => page.locator(named("textbox", name)).fill(text);
const sees = (page: Page, text: string) =>
  page.waitForFunction((wanted) => document.body.textContent?.includes(wanted) === true, {}, text);

/** Keeps a picture, and holds the page against the width of the phone. */
async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect({ name, width }).toEqual({ name, width: PHONE.width });
}

async function go(page: Page, hash: string, heading: string): Promise<void> {
  await page.evaluate((wanted) => {
    location.hash = wanted;
  }, hash);
  await page.waitForFunction((text) => document.querySelector("h1")?.textContent === text, {}, heading);
}

async function writeGames(app: TestApp): Promise<void> {
  const folder = join(app.basePath, "library/roms/nes");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, GAME), GAME_BYTES);
  for (let index = 1; index < GAMES; index += 1) {
    await writeFile(join(folder, `Game ${String(index).padStart(3, "0")}.nes`), `bytes of game ${index}`);
  }
}

async function makeAdministrator({ page, app }: Scene): Promise<void> {
  await sees(page, "Welcome to Multitap");
  await look(page, "1-welcome");
  await fill(page, "Name", "ana");
  await page.type("input[name=password]", PASSWORD);
  await press(page, "button", "Make the account");
  await sees(page, "Your library");
  await page.locator("input[value=gbc]").click();
  await press(page, "button", "Make the chosen folders");
  await sees(page, "1 folder made");
  expect(await readdir(join(app.basePath, "library/roms"))).toEqual(["gbc"]);
  await look(page, "2-folders");
}

async function scan({ page, app }: Scene): Promise<readonly number[]> {
  await writeGames(app);
  const letGo = await holdHashes(app);
  await press(page, "link", "Go on to the first scan");
  await page.locator(named("button", "Start scan")).wait();
  await page.evaluate(() => {
    const values: number[] = [];
    Object.assign(globalThis, { values });
    new MutationObserver(() => {
      const bar = document.querySelector("progress");
      if (bar?.hasAttribute("value") && values.at(-1) !== bar.value) values.push(bar.value);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await press(page, "button", "Start scan");
  await sees(page, "Reading games");
  await page.waitForFunction(() => {
    const value = document.querySelector("progress")?.value ?? 0;
    return value > 0 && value < 1;
  });
  await look(page, "3-scanning");
  await letGo();
  await sees(page, `Done: ${GAMES} games, ${GAMES} new`);
  return await page.evaluate(() => (globalThis as unknown as { values: number[] }).values);
}

async function findGame(page: Page): Promise<void> {
  await press(page, "link", "See the library");
  await page.waitForFunction(() => document.querySelectorAll(".grid li").length > 0);
  await look(page, "4-library");
  // The list reads on by itself when its end comes into sight.
  await page.waitForFunction(
    (count) => {
      document.querySelector(".grid")?.nextElementSibling?.scrollIntoView();
      return document.querySelectorAll(".grid li").length === count;
    },
    { polling: 100 },
    GAMES,
  );
  await page.locator(named("searchbox", "Search")).fill("crystal");
  await page.waitForFunction(() => document.querySelectorAll(".grid li").length === 1);
  await page.locator(".grid a").click();
  await page.waitForFunction(() => document.querySelector("h1")?.textContent === "Crystal Maze");
}

async function uploadSave(page: Page, text: string): Promise<void> {
  const path = join(shots, "Crystal Maze.srm");
  await writeFile(path, text);
  const chooser = await page.waitForSelector("input[type=file]");
  await (chooser as unknown as { uploadFile(file: string): Promise<void> }).uploadFile(path);
  await press(page, "button", "Upload");
  await sees(page, "Uploaded.");
}

const countVersions = (page: Page, count: number) =>
  page.waitForFunction(
    (wanted) => document.querySelectorAll(".card .rows > li").length === wanted,
    {},
    count,
  );

/** The server as an app sees it. */
async function openApp(url: string, username: string, password: string): Promise<Client> {
  const client = createClient({ url });
  closers.push(() => client.close());
  await client.auth.signInWithPassword({ username, password });
  return client;
}

async function readNewestSave(client: Client, romId: number): Promise<string> {
  const [newest] = await client.saves.versions({ romId });
  const answer = await client.fetch(`/api/saves/${newest?.versionId}/content`);
  return await answer.text();
}

describe.skipIf(isMissing)("the page at /, below a prefix, on a phone", () => {
  test(
    "leads from an empty folder to a game, its bytes and its saves",
    async () => {
      const scene = await openScene(await createTestApp({ withScanWorker: true, environment }), PREFIX);
      const { page, url } = scene;
      expect(page.url()).toBe(`${url}/`);
      await makeAdministrator(scene);
      const values = await scan(scene);
      expect(values.length).toBeGreaterThan(1);
      expect(values.toSorted((a, b) => a - b)).toEqual([...values]);
      expect(values.at(-1)).toBe(1);

      await findGame(page);
      const folder = await mkdtemp(join(tmpdir(), "multitap-page-"));
      closers.push(() => rm(folder, { recursive: true }));
      const session = await page.createCDPSession();
      await session.send("Browser.setDownloadBehavior", {
        behavior: "allow",
        downloadPath: folder,
        browserContextId: page.browserContext().id ?? "",
      });
      await press(page, "button", "Download (70 KB)");
      expect(await waitForDownload(folder)).toEqual(GAME_BYTES);

      await uploadSave(page, "level 1");
      await countVersions(page, 1);
      await uploadSave(page, "level 2, with a sword");
      await countVersions(page, 2);
      await look(page, "5-game");
      const client = await openApp(url, "ana", PASSWORD);
      const rom = await client.roms.find({ platformSlug: "nes", fsName: GAME });
      const romId = rom?.id ?? 0;
      expect(await readNewestSave(client, romId)).toBe("level 2, with a sword");
      await page.locator('[aria-label^="Restore"]').click();
      await sees(page, "Restored");
      expect(await readNewestSave(client, romId)).toBe("level 1");
      await look(page, "6-restored");
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "shows every sort of room as it opens and closes, each with a line to join by",
    async () => {
      const { app, page, url, romId } = await openLibraryScene("#/rooms");
      const relay = await openRelay({ ports: app.ports, facts: app.facts, host: "127.0.0.1", port: 0 });
      closers.push(() => relay.stop());
      await sees(page, "Nobody plays together");
      const owner = await openApp(url, "admin", "adminpass");
      const netplay = createNetplay(owner, { playerName: "Ana", direct: "never" });
      const room = await netplay.open({ romId, name: "Sunday", playersMax: 2, inputBytes: 2 });
      await sees(page, '"Sunday", 1 of 2 players');
      const player = await openClient(new URL(url).origin, { path: "/netplay/socket.io/" });
      const extra = { game_id: romId, room_name: "Lobby of Bo" };
      expect(await player.ask("open-room", toAsk(makeId(), makeId(), extra))).toEqual([]);
      await sees(page, "Lobby of Bo");
      const { host, user } = await openGame(relay.port ?? 0);
      await sees(page, "alice (host)");
      await sees(page, "bob");
      const lines = await page.$$eval("code", (codes) => codes.map((code) => code.textContent ?? ""));
      const address = new URL(url).hostname;
      const expected = [room.id, "Lobby of Bo", `${address}|${relay.port}|${host.sessionText}`];
      expect(lines.toSorted()).toEqual(expected.toSorted());
      await look(page, "7-rooms");
      await press(page, "button", "Copy how to join Crystal Maze");
      await sees(page, "Copied: ");
      await room.leave();
      player.close();
      user.close();
      host.close();
      await sees(page, "Nobody plays together");
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "lets its user decide between two sides that changed a save",
    async () => {
      const { page, url, romId } = await openLibraryScene("#/");
      const client = await openApp(url, "admin", "adminpass");
      const { device } = await client.devices.register({ name: "Deck" });
      const about = { romId, slot: "main", name: "game.srm" };
      const bytes = (text: string) => new TextEncoder().encode(text);
      await client.saves.store(bytes("of the server"), about);
      const buried = { ...about, deviceId: device.id, force: true };
      const { conflictId } = await client.saves.store(bytes("of the deck"), buried);
      expect(conflictId).not.toBeNull();
      await page.locator(".grid a").click();
      await sees(page, "Two sides changed this save");
      await look(page, "11-conflict");
      expect(await readNewestSave(client, romId)).toBe("of the deck");
      await press(page, "button", "The server's");
      await sees(page, "Decided.");
      await page.waitForFunction(
        () => document.querySelector("h3")?.textContent !== "Two sides changed this save",
      );
      expect(await readNewestSave(client, romId)).toBe("of the server");
      expect(await client.saves.conflicts({ isOpen: true })).toEqual([]);
      // What another device stores shows by itself.
      await client.saves.store(bytes("later"), { ...about, force: true });
      await countVersions(page, 4);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "lets a device in that shows a code, and says what fails in words",
    async () => {
      const { page, url } = await openLibraryScene("pair/device?user_code=ABCD2345");
      await sees(page, "This did not work");
      const device = createClient({ url, app: { name: "Shelf", version: "2" } });
      closers.push(() => device.close());
      const flow = await device.auth.startDeviceFlow({
        deviceIdentifier: "deck-1",
        deviceName: "Deck",
        scopes: ["roms.read", "assets.read"],
      });
      await page.goto(flow.verificationUrlComplete);
      await sees(page, "Let a device in?");
      await look(page, "8-pair");
      const approved = flow.approved();
      await press(page, "button", "Let it in");
      expect(await approved).toMatchObject({ scopes: ["assets.read", "roms.read"] });
      await sees(page, "Shelf 2");
      await press(page, "button", "Rename Deck");
      await fill(page, "New name of Deck", "Deck of Ana");
      await press(page, "button", "Save");
      await page.locator(named("button", "Remove Deck of Ana")).wait();
      await look(page, "9-devices");
      await press(page, "button", "Remove Deck of Ana");
      await page.waitForFunction(() => document.body.textContent?.includes("Deck of Ana") === false);
      await go(page, "#/game/999999", "This did not work");
      await sees(page, "It may have been removed meanwhile. Reload the page.");
      await go(page, "#/tasks", "Tasks");
      await look(page, "10-tasks");
      await press(page, "button", "Sign out");
      await fill(page, "Name", "admin");
      await page.type("input[name=password]", "wrong password");
      await press(page, "button", "Sign in");
      await sees(page, "This name and password do not fit.");
      await page.locator("input[name=password]").fill("adminpass");
      await press(page, "button", "Sign in");
      await sees(page, "Sign out");
      const session = await page.createCDPSession();
      await session.send("Network.clearBrowserCookies");
      await go(page, "#/devices", "Sign in");
      await sees(page, "your sign-in has ended. Sign in again.");
      // Refused calls are what this test wants; a browser notes each by itself.
      const others = complaints.filter((text) => !/the server responded with a status of 4\d\d/.test(text));
      expect(others).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
