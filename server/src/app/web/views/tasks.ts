import type { Task, TaskRun } from "@multitap/client";
import { button, element, listing, paragraph, section } from "../elements.ts";
import { formatAge } from "../format.ts";
import { keepAsking, type Scene } from "../site.ts";

/** Runs have no event for each step. */
const ASK_MS = 3_000;

const STATUSES: Readonly<Record<TaskRun["status"], string>> = {
  queued: "waits",
  started: "runs",
  finished: "done",
  failed: "failed",
  deferred: "waits for room on the disk or for its library",
  canceled: "cancelled",
};

/** Draws what the server can do in the background, and what it does. */
export async function drawTasks(scene: Scene): Promise<Node> {
  const { client, signal } = scene;
  const tasks = await client.tasks.list({ signal });
  const runs = element("div", {});
  const ask = async () => {
    const found = await client.tasks.listRuns({ signal });
    runs.replaceChildren(listing(found.map(drawRun), "Nothing was done of late."));
  };
  const askNow = keepAsking(scene, ASK_MS, ask);
  const stop = client.events(["tasks"], { signal }).subscribe(askNow);
  signal.addEventListener("abort", stop);
  return element(
    "div",
    {},
    element("h1", {}, "Tasks"),
    section("Of late", runs),
    section(
      "All tasks",
      listing(
        tasks.map((task) => drawTask(scene, task, askNow)),
        "There are none.",
      ),
    ),
  );
}

function drawTask(scene: Scene, task: Task, askNow: () => void): Node {
  const run = button("Run now", (self) =>
    scene.work(async () => {
      await scene.client.tasks.run(task.name);
      scene.say(`${task.title}: started.`);
      askNow();
    }, self),
  );
  run.setAttribute("aria-label", `Run now: ${task.title}`);
  const when = task.cron === null ? "" : `Runs at ${task.cron} (minute, hour, day, month, weekday).`;
  return element(
    "div",
    {},
    element("b", {}, task.title),
    paragraph(task.description),
    when === "" ? null : paragraph(when, "quiet"),
    task.isEnabled ? null : paragraph("Off by the server's settings.", "quiet"),
    task.canRun ? run : null,
  );
}

function drawRun({ title, status, createdAt, errorMessage }: TaskRun): Node {
  const about = `${STATUSES[status]}, ${formatAge(createdAt, Date.now())}`;
  const why = errorMessage === null ? null : element("small", { class: "wrong" }, ` ${errorMessage}`);
  return element("span", {}, element("b", {}, title), " ", element("small", {}, about), why);
}
