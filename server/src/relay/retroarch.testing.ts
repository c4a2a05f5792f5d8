/** Real RetroArch processes without a screen, for tests: they are started, played, and looked into. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where Debian's packages put emulator cores; `MULTITAP_LIBRETRO` names another folder. */
const CORE_FOLDERS = [
  process.env.MULTITAP_LIBRETRO ?? "",
  "/usr/lib/x86_64-linux-gnu/libretro",
  "/usr/lib/aarch64-linux-gnu/libretro",
];
const CORE = "nestopia_libretro";
/** A process ends by itself after this many frames, whatever becomes of the test: two minutes. */
const FRAMES_MAX = 7_200;
const POLL_MS = 20;
const ANSWER_MS = 500;
const QUIT_MS = 3_000;

/** The folder of the core; null where none is. */
function findCoreFolder(): string | null {
  return CORE_FOLDERS.find((folder) => folder !== "" && existsSync(join(folder, `${CORE}.so`))) ?? null;
}

/**
 * Tells whether RetroArch with its core is there; when not, prints the reason for which the suite is to be skipped.
 * @param program What `requireProgram` found.
 * @throws AssertionError when the core is missing and `MULTITAP_CI=1`.
 */
export function hasRetroArch(program: string | null): boolean {
  if (program === null) return false;
  if (findCoreFolder() !== null) return true;
  const reason = `${CORE} is not installed`;
  assert(process.env.MULTITAP_CI !== "1", `${reason}, and MULTITAP_CI=1 allows no skipped tests`);
  console.warn(`skipped: ${reason}`);
  return false;
}

/** What a process is to do. */
export interface PlayerOptions {
  /** Of its own: configuration, saves, log. */
  readonly folder: string;
  readonly rom: string;
  readonly nick: string;
  /** Hosts through the relay at `address|port`. */
  readonly hostBy?: string | undefined;
  /** Joins: `address|port|session`, or the address of a host and its port. */
  readonly joins?: string | { readonly address: string; readonly port: number } | undefined;
  readonly isSpectator?: boolean | undefined;
}

/** What the program keeps in memory; see `nes-program.testing.ts`. */
export interface Counters {
  readonly one: number;
  readonly two: number;
  readonly frames: number;
}

/** A running RetroArch. */
export interface Player {
  readonly nick: string;
  /** What it printed so far. */
  text(): string;
  /** Waits until it has printed something. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<void>;
  /** The program's memory, as hex, with what it says; null when there is no answer. */
  look(): Promise<{ readonly hex: string; readonly counters: Counters } | null>;
  /** Holds a button of its own player for a while. By libretro's numbers: B 0, start 3, A 8. */
  press(button: number, forMs: number): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Ends it as its user would; does nothing after its end. */
  quit(): Promise<void>;
}

/** Starts a RetroArch. */
export async function startPlayer(options: PlayerOptions): Promise<Player> {
  const coreFolder = findCoreFolder();
  assert(coreFolder !== null, `${CORE} is not installed`);
  const { folder, nick } = options;
  const commands = await openUdp();
  const commandPort = await findUdpPort();
  const padPort = await findUdpPort();
  for (const name of ["save", "state", "system", "info", "home"])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "info", `${CORE}.info`), CORE_INFO);
  writeFileSync(
    join(folder, "retroarch.cfg"),
    formatSettings(settingsOf(options, { coreFolder, commandPort, padPort })),
  );
  const logPath = join(folder, "log.txt");
  const log = openSync(logPath, "a");
  const child = Bun.spawn(["retroarch", ...argumentsOf(options, coreFolder)], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: join(folder, "home"),
      XDG_CONFIG_HOME: join(folder, "home"),
      LANG: "C.UTF-8",
    },
    stdin: "ignore",
    stdout: log,
    stderr: log,
  });
  const text = () => readFileSync(logPath, "utf8");
  let hasEnded = false;
  const end = async (signal: NodeJS.Signals | null) => {
    if (hasEnded) return;
    hasEnded = true;
    if (signal === null) commands.send("QUIT\n", commandPort);
    else child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), QUIT_MS);
    await child.exited;
    clearTimeout(timer);
    commands.close();
  };
  return {
    nick,
    text,
    async waitFor(pattern, timeoutMs = 15_000) {
      const deadlineMs = performance.now() + timeoutMs;
      while (!pattern.test(text())) {
        const told = text()
          .split("\n")
          .filter((line) => /etplay|ERROR/.test(line))
          .join("\n");
        assert(
          performance.now() < deadlineMs && child.exitCode === null,
          `${nick} did not print ${pattern}:\n${told}`,
        );
        await Bun.sleep(POLL_MS);
      }
    },
    async look() {
      const answer = await commands.ask("READ_CORE_RAM 10 7\n", commandPort);
      const hex = answer?.split(" ").slice(2).join("") ?? "";
      return /^[0-9a-f]{14}$/i.test(hex) ? { hex, counters: readCounters(Uint8Array.fromHex(hex)) } : null;
    },
    async press(button, forMs) {
      commands.send(formatButton(button, true), padPort);
      await Bun.sleep(forMs);
      commands.send(formatButton(button, false), padPort);
    },
    kill: () => end("SIGKILL"),
    quit: () => end(null),
  };
}

/** Netplay wants a core whose states are said to be exact; Debian's own file says less. */
const CORE_INFO = `display_name = "Nestopia"
corename = "Nestopia"
supported_extensions = "nes"
savestate = "true"
savestate_features = "deterministic"
`;

interface Places {
  readonly coreFolder: string;
  readonly commandPort: number;
  readonly padPort: number;
}

function settingsOf({ folder, hostBy, isSpectator }: PlayerOptions, places: Places): Record<string, string> {
  const drivers = ["video", "audio", "input", "input_joypad", "camera", "location", "record", "midi"];
  const off = [
    "config_save_on_exit",
    "remap_save_on_exit",
    "history_list_enable",
    "audio_enable",
    "video_vsync",
  ];
  // The two of the menu would ask the internet for lists.
  const quiet = ["pause_nonactive", "quit_press_twice", "menu_show_core_updater", "menu_show_online_updater"];
  const netplay = ["netplay_public_announce", "netplay_nat_traversal", "netplay_allow_pausing"];
  return {
    ...Object.fromEntries(drivers.map((name) => [`${name}_driver`, "null"])),
    ...Object.fromEntries([...off, ...quiet, ...netplay].map((name) => [name, "false"])),
    menu_driver: "rgui",
    // Without it the game runs as fast as it can, where there is neither sound nor a screen.
    vrr_runloop_enable: "true",
    core_info_cache_enable: "false",
    libretro_directory: places.coreFolder,
    libretro_info_path: join(folder, "info"),
    savefile_directory: join(folder, "save"),
    savestate_directory: join(folder, "state"),
    system_directory: join(folder, "system"),
    netplay_check_frames: "30",
    netplay_start_as_spectator: String(isSpectator === true),
    netplay_use_mitm_server: String(hostBy !== undefined),
    netplay_mitm_server: "custom",
    netplay_custom_mitm_server: hostBy ?? "",
    network_cmd_enable: "true",
    network_cmd_port: String(places.commandPort),
    network_remote_enable: "true",
    network_remote_enable_user_p1: "true",
    network_remote_base_port: String(places.padPort),
  };
}

function formatSettings(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = "${value}"\n`)
    .join("");
}

function argumentsOf({ folder, rom, nick, hostBy, joins }: PlayerOptions, coreFolder: string): string[] {
  const core = ["-v", "-c", join(folder, "retroarch.cfg"), "-L", join(coreFolder, `${CORE}.so`)];
  const role =
    joins === undefined
      ? hostBy === undefined
        ? []
        : ["--host"]
      : typeof joins === "string"
        ? ["--connect", joins]
        : ["--connect", joins.address, "--port", String(joins.port)];
  return [...core, "--nick", nick, `--max-frames=${FRAMES_MAX}`, ...role, rom];
}

function readCounters(memory: Uint8Array): Counters {
  const view = new DataView(memory.buffer, memory.byteOffset);
  return { one: view.getUint16(0, true), two: view.getUint16(2, true), frames: view.getUint16(4, true) };
}

/** Five numbers in the machine's own order: port, device, index, button; pressed; and two bytes of nothing. */
function formatButton(button: number, isDown: boolean): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setInt32(4, 1, true);
  view.setInt32(12, button, true);
  view.setUint16(16, isDown ? 1 : 0, true);
  return bytes;
}

interface Udp {
  send(data: string | Uint8Array, port: number): void;
  /** Sends, and gives what comes back; null when nothing does. */
  ask(text: string, port: number): Promise<string | null>;
  close(): void;
}

async function openUdp(): Promise<Udp> {
  let onAnswer: ((text: string) => void) | null = null;
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_socket, bytes) => onAnswer?.(bytes.toString().trim()) },
  });
  return {
    send: (data, port) => void socket.send(data, port, "127.0.0.1"),
    async ask(text, port) {
      const { promise, resolve } = Promise.withResolvers<string | null>();
      onAnswer = resolve;
      socket.send(text, port, "127.0.0.1");
      const timer = setTimeout(resolve, ANSWER_MS, null);
      const answer = await promise;
      clearTimeout(timer);
      return answer;
    },
    close: () => socket.close(),
  };
}

/** A UDP port that was free a moment ago: RetroArch tells nobody which one it took. */
async function findUdpPort(): Promise<number> {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  const { port } = socket;
  socket.close();
  return port;
}

/**
 * Waits until players were seen with the same memory in the same frames, as often as wanted: they run some frames
 * apart, so that what is compared are equal frames. To be called when no button was moved for some 300 ms; before that
 * one who has guessed wrongly shows what he will take back.
 * @returns The newest common frame.
 */
export async function findCommonState(players: readonly Player[], timesMin = 3): Promise<Counters> {
  const seen = players.map(() => new Map<number, string>());
  const deadlineMs = performance.now() + 15_000;
  let difference = "";
  while (performance.now() < deadlineMs) {
    const looks = await Promise.all(players.map((player) => player.look()));
    for (const [at, look] of looks.entries())
      if (look !== null) seen[at]?.set(look.counters.frames, look.hex);
    const [first, ...others] = seen;
    const frames = [...(first?.keys() ?? [])].filter((frame) => others.every((each) => each.has(frame)));
    const isEqual = (frame: number) => others.every((each) => each.get(frame) === first?.get(frame));
    const wrong = frames.find((frame) => !isEqual(frame));
    if (wrong !== undefined) {
      difference = `frame ${wrong}: ${seen.map((each) => each.get(wrong)).join(" ")}`;
      for (const each of seen) each.clear();
      continue;
    }
    const newest = first?.get(Math.max(...frames));
    if (frames.length >= timesMin && newest !== undefined) return readCounters(Uint8Array.fromHex(newest));
    await Bun.sleep(3);
  }
  assert.fail(`${players.map(({ nick }) => nick).join(", ")} showed no common state; ${difference}`);
}
