import type { Context } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { type Crossings, createCrossings, type Outlet } from "../crossings/service.ts";
import { IDLE_SWEEP_MS, NEWS_MS, RENEW_MS } from "../limits.ts";
import { type Links, NO_LINKS, openLinks, type Urgency } from "../links/service.ts";
import { createPasswords } from "../passwords/service.ts";
import { type Registry, SOLE_REGISTRY, startRegistry } from "../registry/service.ts";
import type { Effect } from "../rooms/rules.ts";
import { createRoomDesk, type RoomDesk } from "../rooms/service.ts";
import { provideRooms } from "../service.ts";

/** The rooms of a process while its sockets are open. */
export interface OpenHall {
  readonly desk: RoomDesk;
  /** Told of each event that was passed on to the members who are here. */
  readonly onPassed: Crossings["onPassed"];
  /** Takes everything back that other processes know of. */
  close(): Promise<void>;
}

/** What a hall is made of. */
export interface HallOptions {
  readonly ctx: Context;
  readonly outlet: Outlet;
  readonly urgencyOf: (name: string) => Urgency;
}

/** Opens the rooms of a process, and ties them to those of others where there may be any. */
export async function openHall({ ctx, outlet, urgencyOf }: HallOptions): Promise<OpenHall> {
  const { ports, facts } = ctx;
  const processId = createHexToken(8);
  const { isShared } = facts.netplay;
  const passwords = createPasswords(ctx);
  const news = createNews(ctx);
  const parts: { registry: Registry; links: Links } = { registry: SOLE_REGISTRY, links: NO_LINKS };
  const onEffect = (effect: Effect) => {
    if (effect.kind === "changed") {
      parts.registry.note();
      news.note();
    }
    crossings.apply(effect);
  };
  const desk: RoomDesk = createRoomDesk({
    ports,
    passwords,
    registry: () => parts.registry,
    elsewhere: () => crossings,
    onEffect,
  });
  if (isShared) {
    parts.registry = startRegistry({ ports, processId, listOwn: desk.listWithHashes });
  }
  const { registry } = parts;
  const links = () => parts.links;
  const crossings = createCrossings({
    ports,
    processId,
    desk,
    registry,
    passwords,
    links,
    outlet,
    urgencyOf,
  });
  if (isShared) parts.links = await openLinks({ ports, processId, onItem: crossings.onItem });
  const stopTimers = startTimers(ctx, { desk, crossings, outlet, isShared });
  const takeBack = provideRooms(ports, async () => [...desk.list(), ...(await registry.listOthers())]);
  return {
    desk,
    onPassed: crossings.onPassed,
    async close() {
      takeBack();
      stopTimers();
      news.stop();
      crossings.close();
      await registry.stop();
      await parts.links.stop();
    },
  };
}

interface Timed {
  readonly desk: RoomDesk;
  readonly crossings: Crossings;
  readonly outlet: Outlet;
  readonly isShared: boolean;
}

function startTimers({ ports }: Context, { desk, crossings, outlet, isShared }: Timed): () => void {
  const reaping = setInterval(() => outlet.end(desk.listIdle()), IDLE_SWEEP_MS);
  const looking = isShared
    ? setInterval(() => {
        crossings.lookAfter().catch((error: unknown) => {
          ports.log.debug("netplay could not look after other processes", { error });
        });
      }, RENEW_MS)
    : null;
  reaping.unref();
  looking?.unref();
  return () => {
    clearInterval(reaping);
    if (looking !== null) clearInterval(looking);
  };
}

/** Says that rooms changed: at once, then not again for a while. */
function createNews({ raise }: Context): { note(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStale = false;
  let isStopped = false;
  const tell = () => {
    isStale = false;
    raise({ topic: "netplay", userId: null, data: { kind: "emulatorjs" } });
    timer = setTimeout(() => {
      timer = null;
      if (isStale) tell();
    }, NEWS_MS);
    timer.unref();
  };
  return {
    note() {
      if (isStopped) return;
      if (timer === null) tell();
      else isStale = true;
    },
    stop() {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
