/**
 * Runs an image as an engine does, without one: its root mounted read-only in namespaces of its own, entered by
 * chroot as process 1. Needs root. The network is the machine's, so that tests reach the port over loopback.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Ending,
  findStatus,
  SceneError,
  waitFor,
  within,
} from "../../server/src/app/e2e/server-process.testing.ts";
import type { UnpackedImage } from "./build.ts";

/** A folder of the host that the container sees. */
export interface ContainerMount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly?: boolean | undefined;
}

export interface ContainerOptions {
  readonly image: UnpackedImage;
  readonly mounts: readonly ContainerMount[];
  /** `user:` of a compose file; null: as the image says, root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What follows the entry point. */
  readonly command?: readonly string[] | undefined;
  /** Groups that the operator adds to root's. */
  readonly groups?: readonly number[] | undefined;
  /** What root may do: by default what engines leave it of what matters here. */
  readonly capabilities?: readonly string[] | undefined;
}

/** One process of a container as the host sees it. */
export interface ContainerProcess {
  readonly pid: number;
  /** Its id inside. */
  readonly innerPid: number;
  readonly name: string;
  /** One letter; Z is a zombie. */
  readonly state: string;
  readonly uid: number;
  readonly groups: readonly number[];
  /** The capabilities that it has and could get, as hexadecimal digits. */
  readonly capabilities: readonly string[];
}

export interface Container {
  readonly ended: Promise<Ending>;
  output(): string;
  errors(): string;
  isRunning(): boolean;
  processes(): readonly ContainerProcess[];
  /** Sends a signal to process 1, as an engine does, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ending & { readonly tookMs: number }>;
  /** Runs a command inside, as `docker exec` does. */
  exec(...words: string[]): Promise<{ readonly exitCode: number; readonly output: string }>;
  /** The process ids, by name, as the host sees them. */
  find(name: string): readonly number[];
}

export interface RunningContainer extends Container {
  readonly url: string;
  readonly startedMs: number;
}

const START_MAX_MS = 90_000;
const STOP_MAX_MS = 40_000;
/** What the example for one container leaves to root. */
export const USUAL_CAPABILITIES = ["chown", "dac_override", "fowner", "setuid", "setgid", "kill"];
const DEVICES = ["null", "zero", "full", "random", "urandom"];
/** What a container of a strict platform has at `/dev/shm`. */
const SHARED_MEMORY = "1m";

const started = new Set<Container>();

/** Ends, without asking, every container that a test left. */
export async function endContainers(): Promise<void> {
  for (const container of started) if (container.isRunning()) await container.stop("SIGKILL");
  started.clear();
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What the first process does, in namespaces of its own, before it becomes the image's entry point. */
function writeScript(at: string, options: ContainerOptions): string {
  const { image, mounts } = options;
  const bind = ({ source, target, isReadOnly = false }: ContainerMount) => {
    const place = quote(join(at, target));
    const lines = [`mount --bind ${quote(source)} ${place}`];
    return isReadOnly ? [...lines, `mount -o remount,bind,ro ${place}`] : lines;
  };
  return [
    "set -eu",
    "mount --make-rprivate /",
    ...bind({ source: image.root, target: "/", isReadOnly: true }),
    `mount -t proc proc ${at}/proc`,
    `mount -t tmpfs -o size=65536,mode=755 tmpfs ${at}/dev`,
    `for name in ${DEVICES.join(" ")}; do : >${at}/dev/$name; mount --bind /dev/$name ${at}/dev/$name; done`,
    `ln -s /proc/self/fd ${at}/dev/fd`,
    `mkdir ${at}/dev/shm; mount -t tmpfs -o size=${SHARED_MEMORY},mode=1777 tmpfs ${at}/dev/shm`,
    // As engines do it.
    `mount -t tmpfs -o mode=1777,nosuid,nodev,noexec tmpfs ${at}/tmp`,
    ...mounts.flatMap(bind),
    `exec ${[...enterWords(at, options), ...entryWords(options)].map(quote).join(" ")}`,
  ].join("\n");
}

/** Leaves the host's root and, as the operator wants, the host's rights. */
function enterWords(at: string, { image, user, groups = [], capabilities }: ContainerOptions): string[] {
  const rights = (capabilities ?? USUAL_CAPABILITIES).map((name) => `+${name}`);
  const who =
    user === undefined
      ? [`--groups=${[0, ...groups].join(",")}`, `--bounding-set=${["-all", ...rights].join(",")}`]
      : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", "--bounding-set=-all"];
  const chroot = ["chroot", at, "/usr/bin/env", "-i", `--chdir=${image.config.WorkingDir}`];
  return [
    ...chroot,
    ...environmentWords({ image, environment: {} }),
    "setpriv",
    ...who,
    "--inh-caps=-all",
    "--no-new-privs",
  ];
}

function environmentWords({
  image,
  environment = {},
}: Pick<ContainerOptions, "image" | "environment">): string[] {
  return [...image.config.Env, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)];
}

const DEFAULTS = { ROMM_HOST: "127.0.0.1", ROMM_PORT: "0", MULTITAP_RELAY_PORT: "0", HOSTNAME: "container" };

function entryWords({ image, environment, command }: ContainerOptions): string[] {
  const { Entrypoint, Cmd } = image.config;
  const all = { ...DEFAULTS, ...environment };
  return ["env", ...environmentWords({ image, environment: all }), ...Entrypoint, ...(command ?? Cmd)];
}

/** Starts a container and does not wait for it. */
export function spawnContainer(options: ContainerOptions): Container {
  const at = mkdtempSync(join(tmpdir(), "multitap-container-"));
  const namespaces = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
  const startedAtMs = performance.now();
  const child = spawn("unshare", [...namespaces, "sh", "-c", writeScript(at, options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    texts.output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    texts.errors += text;
  });
  const ended = waitForEnd(child, startedAtMs).finally(() => rmdirSync(at));
  const container: Container = {
    ended,
    output: () => texts.output,
    errors: () => texts.errors,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    processes: () => listProcesses(findFirst(child)),
    async stop(signal = "SIGTERM") {
      const signalledAtMs = performance.now();
      const first = findFirst(child);
      if (first !== null) process.kill(first, signal);
      const ending = await within(ended, STOP_MAX_MS);
      if (ending === null) child.kill("SIGKILL");
      return { ...(ending ?? (await ended)), tookMs: performance.now() - signalledAtMs };
    },
    find: (name) =>
      container
        .processes()
        .filter((each) => each.name === name)
        .map(({ pid }) => pid),
    exec: (...words) => execInside(findFirst(child), options, words),
  };
  started.add(container);
  return container;
}

function waitForEnd(child: ChildProcess, startedAtMs: number): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  child.on("close", (exitCode, signal) =>
    resolve({ exitCode, signal, afterMs: performance.now() - startedAtMs }),
  );
  return promise;
}

/** Process 1 of the container; null before and after its life. */
function findFirst({ pid }: ChildProcess): number | null {
  try {
    const [first = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return first === "" ? null : Number(first);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function listProcesses(first: number | null): readonly ContainerProcess[] {
  if (first === null) return [];
  const namespace = readlinkSync(`/proc/${first}/ns/pid`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (readlinkSync(`/proc/${name}/ns/pid`) !== namespace) return [];
        return [parseStatus(readFileSync(`/proc/${name}/status`, "utf8"))];
      } catch (error) {
        // Gone meanwhile.
        if (error instanceof Error && "code" in error) return [];
        throw error;
      }
    });
}

function parseStatus(text: string): ContainerProcess {
  const words = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(text)?.[1]?.trim().split(/\s+/).filter(Boolean) ?? [];
  return {
    pid: Number(words("Pid")[0]),
    innerPid: Number(words("NSpid").at(-1)),
    name: words("Name").join(" "),
    state: words("State")[0] ?? "",
    uid: Number(words("Uid")[0]),
    groups: words("Groups").map(Number),
    capabilities: ["CapInh", "CapPrm", "CapEff", "CapAmb"].flatMap(words),
  };
}

async function execInside(first: number | null, options: ContainerOptions, words: readonly string[]) {
  if (first === null) throw new SceneError("the container does not run");
  const namespaces = ["--mount", "--pid", "--ipc", "--uts", "--root", "--wd"];
  const enter = ["nsenter", "--target", String(first), ...namespaces, "--", "/usr/bin/env", "-i"];
  const all = environmentWords({ ...options, environment: { ...DEFAULTS, ...options.environment } });
  const { user } = options;
  const who =
    user === undefined ? [] : ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const child = Bun.spawn([...enter, ...all, ...who, ...words], { stdout: "pipe", stderr: "pipe", env: {} });
  const texts = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, output: texts.join("") };
}

/** Starts a container and waits until it serves. */
export async function startContainer(options: ContainerOptions): Promise<RunningContainer> {
  const startedAtMs = performance.now();
  const container = spawnContainer(options);
  const prefix = options.environment?.MULTITAP_URL_PREFIX ?? "";
  let url = "";
  const isServing = async () => {
    if (!container.isRunning()) return true;
    url = /listening on (http:\S+)/.exec(container.output())?.[1] ?? "";
    return url !== "" && (await findStatus(`${url}${prefix}/api/heartbeat`)) === 200;
  };
  const hasCome = await waitFor(isServing, START_MAX_MS);
  if (hasCome && container.isRunning()) {
    return { ...container, url, startedMs: performance.now() - startedAtMs };
  }
  throw new SceneError(`the container did not come up:\n${container.output()}\n${container.errors()}`);
}
