import type { Clock } from "../base/clock.ts";
import type { Ports } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import { LISTEN_RETRY_MS, PAGE_RENEW_MS, RELAY_LIMITS, type RelayLimits } from "../relay/limits.ts";
import { listenForCommands, readBans, startPublisher } from "../relay/registry/service.ts";
import { createSwitchboard } from "../relay/switchboard/service.ts";
import { openRelayPort, type RelayPort } from "../relay/tcp.ts";

export interface RelayOptions {
  readonly ports: Ports;
  readonly facts: Facts;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly limits?: RelayLimits | undefined;
  /** Between two tries to get a port that is taken; `LISTEN_RETRY_MS` unless said. */
  readonly retryMs?: number | undefined;
}

/** The relay of this process, which may still wait for its port. */
export interface OpenRelay {
  /** Null while something else has the port. */
  readonly port: number | null;
  stop(): Promise<void>;
}

/**
 * Opens the relay for RetroArch. A port that is taken is said once and tried again every few seconds: the library does
 * not hang on it, and during a restart the process before us still has it.
 */
export async function openRelay(options: RelayOptions): Promise<OpenRelay> {
  const { log } = options.ports;
  let running: RunningRelay | null = null;
  let timer: ReturnType<typeof setInterval> | null = null;
  let trying: Promise<void> | null = null;
  const tryAgain = async () => {
    try {
      const relay = await startRelay(options);
      // It may have been stopped meanwhile.
      if (timer === null) return await relay.stop();
      clearInterval(timer);
      running = relay;
      log.info(`RetroArch relay listening on ${options.host} port ${relay.port}`);
    } catch (error) {
      log.debug("the port of the relay is still taken", { error });
    } finally {
      trying = null;
    }
  };
  try {
    running = await startRelay(options);
    log.info(`RetroArch relay listening on ${options.host} port ${running.port}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.error(
      `the RetroArch relay cannot listen on ${options.host} port ${options.port}: ${reason}; everything else runs. Set MULTITAP_RELAY_PORT, or leave relay out of MULTITAP_ROLES`,
    );
    timer = setInterval(() => {
      if (running === null) trying ??= tryAgain();
    }, options.retryMs ?? LISTEN_RETRY_MS);
  }
  return {
    get port() {
      return running?.port ?? null;
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      await trying;
      await running?.stop();
    },
  };
}

interface RunningRelay {
  readonly port: number;
  stop(): Promise<void>;
}

async function startRelay({ ports, facts, host, port, limits }: RelayOptions): Promise<RunningRelay> {
  const { relay, secretKey } = facts;
  const board = createSwitchboard({ limits: limits ?? RELAY_LIMITS, secretKey });
  let publisher: ReturnType<typeof startPublisher> | null = null;
  const door = openRelayPort({
    hostname: host,
    port,
    board,
    isAllowed: relay.allows,
    onChange: (sessionId) => publisher?.note(sessionId),
    onFailure: (error) => reportFailure(ports, error),
    nowMs: createSteadyClock(ports.clock),
  });
  const place = { address: relay.address, port: relay.toldPort ?? door.port };
  publisher = startPublisher({ ports, place, findSession: board.findSession });
  const loadBans = () => followBans(ports, door);
  const reading = setInterval(() => void loadBans(), PAGE_RENEW_MS);
  const close = async () => {
    clearInterval(reading);
    await door.stop();
    await publisher?.stop();
  };
  try {
    const stopListening = await listenForCommands({ ports }, (command) => {
      if (command.kind === "bans") void loadBans();
      else door.handle(command);
    });
    await loadBans();
    return {
      port: door.port,
      async stop() {
        await stopListening();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The time by the clock that never jumps, so that nobody is taken for silent when the clock is set. */
function createSteadyClock(clock: Clock): () => number {
  const startedAtMs = clock.now().getTime() - performance.now();
  return () => startedAtMs + performance.now();
}

/** A connection that was reset is nobody's fault; anything else is a bug of ours. */
function reportFailure({ log }: Ports, error: unknown): void {
  const isReset = error instanceof Error && "code" in error;
  if (isReset) log.debug("a connection to the relay failed", { error });
  else log.error("the relay failed on a connection", { error });
}

/** Reads who is banned now; when that fails, those who were stay so. */
async function followBans(ports: Ports, door: RelayPort): Promise<void> {
  try {
    door.handle({ kind: "bans", bans: await readBans({ ports }) });
  } catch (error) {
    ports.log.warn("could not read who is banned from the relay", { error });
  }
}
