/** Begins: finds out who the browser is to the server, and draws the place that the address names. */
import { isMultitapError } from "@multitap/client";
import { type Child, element, link, paragraph } from "./elements.ts";
import { isOpen, type Place, parsePlace } from "./places.ts";
import { describeProblem } from "./problems.ts";
import { type Draw, openSite, type Scene, type Site } from "./site.ts";
import { drawForgotten, drawRegister, drawReset } from "./views/account-links.ts";
import { drawDevices, drawPair } from "./views/devices.ts";
import { drawFirstRun, drawSetup } from "./views/first-run.ts";
import { drawGame } from "./views/game.ts";
import { drawLibrary } from "./views/library.ts";
import { drawRooms } from "./views/rooms.ts";
import { drawScan } from "./views/scan.ts";
import { drawSignIn } from "./views/sign-in.ts";
import { drawTasks } from "./views/tasks.ts";

const header = element("header", {});
const alarm = element("div", { id: "alarm", role: "alert", hidden: true });
const words = element("p", { id: "words", role: "status" });
const main = element("main", { id: "main", tabIndex: -1 });
const skip = element("a", { href: "#main", class: "skip" }, "Skip to content");
skip.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

/** How long words stand over the page; a screen reader has said them by then. */
const WORDS_MS = 6_000;
let forgetting: ReturnType<typeof setTimeout> | undefined;

function say(text: string): void {
  clearTimeout(forgetting);
  words.textContent = text;
  if (text !== "") forgetting = setTimeout(say, WORDS_MS, "");
}

let site: Site | null = null;
let leaving = new AbortController();

function complain(error: unknown): void {
  const problem = describeProblem(error);
  if (problem === null) return;
  const close = element("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
  close.addEventListener("click", hush);
  alarm.replaceChildren(element("strong", {}, problem.text), ` ${problem.advice}`, close);
  alarm.hidden = false;
}

function hush(): void {
  alarm.hidden = true;
}

/** A sign-in may have ended behind the page's back; then there is another place to draw. */
async function handle(error: unknown): Promise<void> {
  if (isMultitapError(error, "unauthenticated") && site !== null && site.account !== null) {
    const fresh = await openSite();
    if (fresh.account === null) {
      await site.client.close();
      site = fresh;
      await draw();
    } else await fresh.client.close();
  }
  complain(error);
}

function work(task: () => Promise<unknown>, button?: HTMLButtonElement): void {
  if (button !== undefined) {
    hush();
    button.disabled = true;
  }
  task()
    .catch((error: unknown) => handle(error).catch(complain))
    .finally(() => {
      if (button !== undefined) button.disabled = false;
    });
}

/** Asks who the browser is by now, and draws. */
async function enter(hash: string): Promise<void> {
  await site?.client.close();
  site = await openSite();
  if (location.hash === hash) await draw();
  else location.hash = hash;
}

function chooseDraw(place: Place, { account, heartbeat }: Site): Draw {
  if (heartbeat.SYSTEM.SHOW_SETUP_WIZARD) return drawFirstRun;
  if (account === null && !isOpen(place)) return (scene) => drawSignIn(scene, "");
  switch (place.name) {
    case "library":
      return (scene) => drawLibrary(scene, place);
    case "game":
      return (scene) => drawGame(scene, place.romId);
    case "pair":
      return (scene) => drawPair(scene, place.code);
    case "sign-in":
      return (scene) => drawSignIn(scene, place.error);
    case "register":
      return (scene) => drawRegister(scene, place.token);
    case "reset-password":
      return (scene) => drawReset(scene, place.token);
    case "rooms":
      return drawRooms;
    case "devices":
      return drawDevices;
    case "scan":
      return drawScan;
    case "tasks":
      return drawTasks;
    case "setup":
      return drawSetup;
    case "forgotten":
      return drawForgotten;
  }
}

function createScene(current: Site, signal: AbortSignal): Scene {
  return {
    ...current,
    signal,
    can: (scope) => current.account?.scopes.includes(scope) === true,
    work: (task, button) => work(async () => signal.aborted || (await task()), button),
    say,
    redraw: () =>
      work(async () => {
        await draw();
        main.focus({ preventScroll: true });
      }),
    enter,
  };
}

async function draw(): Promise<void> {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  hush();
  if (site === null) site = await openSite();
  const place = parsePlace(location.hash);
  const scene = createScene(site, signal);
  drawHeader(scene, place);
  main.setAttribute("aria-busy", "true");
  try {
    const drawn = await chooseDraw(place, site)(scene);
    if (!signal.aborted) main.replaceChildren(drawn);
  } catch (error) {
    if (signal.aborted) return;
    main.replaceChildren(element("h1", {}, "This did not work"), paragraph("What happened stands above."));
    await handle(error);
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
  const title = main.querySelector("h1")?.textContent ?? "";
  document.title = title === "" ? "Multitap" : `${title} – Multitap`;
}

function drawHeader(scene: Scene, place: Place): void {
  const { account, client } = scene;
  const to = (name: Place["name"], hash: string, text: string) => {
    const made = link(hash, text);
    if (place.name === name) made.setAttribute("aria-current", "page");
    return made;
  };
  const signOut = element("button", { type: "button" }, "Sign out");
  signOut.addEventListener("click", () =>
    scene.work(async () => {
      await client.auth.signOut();
      await enter("#/");
    }, signOut),
  );
  const entries: Child[] = [
    to("library", "#/", "Library"),
    to("rooms", "#/rooms", "Rooms"),
    scene.can("devices.read") ? to("devices", "#/devices", "Devices") : null,
    scene.can("platforms.write") ? to("scan", "#/scan", "Scan") : null,
    scene.can("tasks.run") ? to("tasks", "#/tasks", "Tasks") : null,
  ];
  const isVisitor = account !== null && account.id < 0;
  header.replaceChildren(
    link("#/", element("b", {}, "Multitap")),
    element("nav", { "aria-label": "Main" }, ...(account === null ? [] : entries)),
    account === null || isVisitor ? "" : element("span", { class: "quiet" }, account.username),
    account === null ? "" : isVisitor ? link("#/sign-in", "Sign in") : signOut,
  );
}

document.body.replaceChildren(skip, header, alarm, main, words);
addEventListener("hashchange", () => {
  say("");
  work(async () => {
    await draw();
    // Where somebody who cannot see the change would go on.
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  });
});
work(draw);
