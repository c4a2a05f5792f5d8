/** The page: takes files that are dropped or chosen and draws what the worker tells. */
import type { News, Task } from "./messages.ts";

function find<E extends Element>(selector: string, kind: new () => E): E {
  const element = document.querySelector(selector);
  if (element instanceof kind) return element;
  throw new TypeError(`the page has no ${selector}`);
}

const form = find("form", HTMLFormElement);
const status = find("#status", HTMLElement);
const progress = find("#progress", HTMLProgressElement);
const chooser = find("input[name=files]", HTMLInputElement);

function draw(news: News): void {
  if (news.type === "progress") progress.value = news.share;
  if (news.type === "hash") find("#hash", HTMLElement).textContent = news.ra ?? "none";
  if (news.type === "failed") status.textContent = `${news.message} (${news.code})`;
  if (news.type === "tracks") {
    const rows = news.tracks.map((text) =>
      Object.assign(document.createElement("li"), { textContent: text }),
    );
    find("#tracks", HTMLElement).replaceChildren(...rows);
  }
  if (news.type === "game") {
    find("#game", HTMLElement).textContent = news.name ?? "not in the library";
    status.textContent = "Done";
    progress.value = 1;
  }
}

let worker: Worker | null = null;

/** Starts on files; what the files before them still do is ended. */
function start(files: readonly File[]): void {
  if (files.length === 0) return;
  worker?.terminate();
  for (const id of ["#game", "#hash", "#tracks"]) find(id, HTMLElement).replaceChildren();
  progress.value = 0;
  status.textContent = files.map(({ name }) => name).join(", ");
  worker = new Worker(new URL("./work.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<News>) => draw(event.data));
  worker.addEventListener("error", ({ message }) => draw({ type: "failed", code: "WORKER", message }));
  const fields = new FormData(form);
  const url = String(fields.get("url") ?? "") || location.origin;
  worker.postMessage({ files, url, token: String(fields.get("token") ?? "") } satisfies Task);
}

chooser.addEventListener("change", () => start([...(chooser.files ?? [])]));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("is-over");
});
document.addEventListener("dragleave", () => document.body.classList.remove("is-over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("is-over");
  start([...(event.dataTransfer?.files ?? [])]);
});
