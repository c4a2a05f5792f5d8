// The example page of the client, as its users build it, in a browser against a real server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { type Chromium, openChromium, requireChromium } from "../../../../scripts/testing/chromium.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";

const TIMEOUT_MS = 60_000;
/** Nothing but the page's own files and its server. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; require-trusted-types-for 'script'";
const isMissing = requireChromium() === null;
const PAGE = 30;
/** Games beside the three with a name of their own. */
const OTHERS = 62;
const CRYSTAL = "Crystal Maze (USA).gba";
const MARKUP = "Zz <img src=x onerror=document.title='owned'>.gba";

/** Builds the page as its users do. */
async function buildPage(folder: string): Promise<void> {
  const script = join(import.meta.dir, "../../../../client-sdk/examples/browser-library/build.ts");
  const child = Bun.spawn([process.execPath, script, folder], { stdin: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  expect([await child.exited, errors]).toEqual([0, ""]);
}

interface Seen {
  readonly target: string;
  readonly authorization: string | null;
  readonly status: number;
}

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
}

/** Serves a folder, and a real server behind the same address. */
function serveSite(folder: string, { app }: TestLibrary): Site {
  const seen: Seen[] = [];
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (/^\/(?:api|trpc)\//.test(pathname)) {
        const { method, headers, signal } = request;
        const body = await request.bytes();
        const answer = await app.fetch(`${pathname}${search}`, {
          method,
          headers,
          signal,
          ...(body.length > 0 && { body }),
        });
        const authorization = headers.get("authorization");
        seen.push({ target: pathname, authorization, status: answer.status });
        return answer;
      }
      const file = Bun.file(join(folder, pathname === "/" ? "index.html" : pathname));
      if (!(await file.exists())) return new Response(null, { status: 404 });
      return new Response(file, { headers: { "content-security-policy": POLICY } });
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}/`,
    seen,
    [Symbol.asyncDispose]: () => listener.stop(true),
  };
}

interface Scene {
  readonly chromium: Chromium;
  readonly folder: string;
  readonly library: TestLibrary;
  readonly site: Site;
  readonly token: string;
  readonly crystalId: number;
}

let scene: Scene | null = null;
const complaints: string[] = [];

function getScene(): Scene {
  if (scene === null) throw new TypeError("the scene was opened before");
  return scene;
}

beforeAll(async () => {
  if (isMissing) return;
  const library = await openLibrary();
  const names = Array.from({ length: OTHERS }, (_, index) => `Game ${String(index).padStart(2, "0")}.gba`);
  await library.addRoms("gba", [...names, "Star Pilot (Japan).gba", MARKUP]);
  const crystalId = await library.addRom("snes", CRYSTAL, "the bytes of the maze");
  await library.change(`update roms set summary = 'A maze of glass.' where id = ${crystalId}`);
  const folder = await mkdtemp(join(tmpdir(), "multitap-page-"));
  await buildPage(folder);
  const chromium = await openChromium({
    onPageMessage: ({ kind, text }) => {
      // The browser tells of an icon that there is none of, and of what the server refused.
      if (!/status of 40[14]/.test(text)) complaints.push(`${kind} ${text}`);
    },
  });
  const token = (await library.tokenWith("roms.read me.read")).replace("Bearer ", "");
  scene = { chromium, folder, library, token, crystalId, site: serveSite(folder, library) };
}, TIMEOUT_MS);

afterAll(async () => {
  await scene?.chromium.close();
  await scene?.site[Symbol.asyncDispose]();
  await scene?.library.close();
  if (scene !== null) await rm(scene.folder, { recursive: true, force: true });
}, TIMEOUT_MS);

/** Opens the page at a place of it and signs in. */
async function openPage(place = "", token = getScene().token): Promise<Page> {
  const page = await getScene().chromium.openPage();
  await page.goto(`${getScene().site.url}${place}`);
  await page.type("input[name=token]", token);
  await page.click("#sign-in button");
  return page;
}

const waitForText = (page: Page, selector: string, text: string) =>
  page.waitForFunction(
    (where, what) => document.querySelector(where)?.textContent === what,
    {},
    selector,
    text,
  );
const waitForRows = (page: Page, count: number) =>
  page.waitForFunction((wanted) => document.querySelectorAll("#roms li").length === wanted, {}, count);
const listNames = (page: Page) =>
  page.evaluate(() => [...document.querySelectorAll("#roms li")].map(({ textContent }) => textContent));

describe.skipIf(isMissing)("browser-library", () => {
  test(
    "lists page after page, in order and each game once",
    async () => {
      const page = await openPage();
      await waitForText(page, "#total", `${OTHERS + 3} games`);
      await waitForRows(page, PAGE);
      await page.click("#more");
      await waitForRows(page, 2 * PAGE);
      await page.click("#more");
      await waitForRows(page, OTHERS + 3);
      const names = await listNames(page);
      expect(new Set(names).size).toBe(OTHERS + 3);
      expect(names).toEqual(names.toSorted());
      // Names are text, whatever they look like.
      expect(names.at(-1)).toContain("<img src=x");
      expect(await page.$$("img")).toEqual([]);
      expect(await page.$eval("#more", (button) => (button as HTMLButtonElement).hidden)).toBe(true);
      await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "searches while one types, and shows everything again",
    async () => {
      const page = await openPage();
      await waitForRows(page, PAGE);
      await page.type("#search", "pilot");
      await waitForText(page, "#total", "1 game");
      expect(await listNames(page)).toEqual([expect.stringContaining("Star Pilot")]);
      await page.click("#search", { count: 3 });
      await page.keyboard.press("Backspace");
      await waitForRows(page, PAGE);
      await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "opens a game, downloads its file by an address of its own, and goes back",
    async () => {
      const { chromium, folder, site, crystalId } = getScene();
      const page = await openPage();
      await waitForRows(page, PAGE);
      const session = await chromium.browser.target().createCDPSession();
      const behaviour = { behavior: "allow", downloadPath: folder, eventsEnabled: true } as const;
      await session.send("Browser.setDownloadBehavior", behaviour);
      const finished = new Promise<void>((resolve) =>
        session.on("Browser.downloadProgress", ({ state }) => {
          if (state === "completed") resolve();
        }),
      );
      await page.click(`a[href="#/rom/${crystalId}"]`);
      await waitForText(page, "#summary", "A maze of glass.");
      expect(await page.$eval("#name", ({ textContent }) => textContent)).toBe("Crystal Maze");
      const button = await page.waitForSelector("#files button");
      expect(await button?.evaluate(({ textContent }) => textContent)).toBe(`Download ${CRYSTAL}, 21 bytes`);
      await button?.click();
      await finished;
      expect(await Bun.file(join(folder, CRYSTAL)).text()).toBe("the bytes of the maze");
      const download = site.seen.find(({ target }) => target.includes("/content/"));
      expect(download).toMatchObject({ authorization: null, status: 200 });
      await page.click("#game a");
      await page.waitForSelector("#library:not([hidden])");
      expect(await listNames(page)).toHaveLength(PAGE);
      await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "an address leads to its game, and a wrong one says so",
    async () => {
      const page = await openPage(`#/rom/${getScene().crystalId}`);
      await waitForText(page, "#name", "Crystal Maze");
      await page.evaluate(() => {
        location.hash = "#/rom/2000000000";
      });
      await waitForText(page, "#failure", "Rom with id '2000000000' not found");
      expect(await page.$("#game:not([hidden])")).toBeNull();
      await page.goBack();
      await page.waitForSelector("#game:not([hidden])");
      expect(await page.$eval("#failure", ({ textContent }) => textContent)).toBe("");
      await page.close();
    },
    TIMEOUT_MS,
  );

  test(
    "a token that does not work says so and can be typed anew",
    async () => {
      const page = await openPage("", "wrong");
      await page.waitForFunction(() => document.querySelector("#failure")?.textContent !== "");
      expect(await page.$("#sign-in:not([hidden])")).not.toBeNull();
      await page.click("input[name=token]", { count: 3 });
      await page.type("input[name=token]", getScene().token);
      await page.click("#sign-in button");
      await waitForRows(page, PAGE);
      expect(await page.$eval("#failure", ({ textContent }) => textContent)).toBe("");
      await page.close();
    },
    TIMEOUT_MS,
  );
});
